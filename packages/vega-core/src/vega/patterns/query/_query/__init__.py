"""Queries: plans, orders, pages, cursors and aggregates."""
