"""The fields of entities, with kinds, case folding and text patterns."""
