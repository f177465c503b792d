"""The fields of entities: their kinds, case folding and text patterns."""
