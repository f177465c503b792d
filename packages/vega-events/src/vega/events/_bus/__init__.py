"""The bus: publishing, delivery, captures, and the current bus."""
