"""The predicate language: nodes, and the recorders and helpers that build them."""
