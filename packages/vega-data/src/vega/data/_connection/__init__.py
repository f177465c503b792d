"""The database: pool, sessions, units of work, and errors of the drivers."""
