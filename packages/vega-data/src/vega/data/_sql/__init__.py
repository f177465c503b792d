"""Tables and statements in SQL for SQLite and PostgreSQL."""
