"""The bus: publishing, delivery, captures, and which bus is current."""
