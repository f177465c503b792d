"""The features `data` and `outbox` of a project: plugins, generators, and the database location."""
