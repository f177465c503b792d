"""The dependency graph: nodes, links, validation, and texts."""
