"""The database: its pool, sessions, units of work, and the errors of its drivers."""
