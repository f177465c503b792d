"""The layout of entities in columns and collections, and the policies of stored entities."""
