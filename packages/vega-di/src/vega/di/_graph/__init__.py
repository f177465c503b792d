"""The dependency graph: nodes, links, validation, and the texts about it."""
