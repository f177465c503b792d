"""The repository on SQLAlchemy: queries, writes, and rows as entities."""
