"""The predicate language: nodes, recorders and helpers."""
