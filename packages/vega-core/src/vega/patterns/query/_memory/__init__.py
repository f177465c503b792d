"""Evaluation in memory: predicates as functions, and the executor of queries."""
