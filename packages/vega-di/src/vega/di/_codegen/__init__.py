"""Generated code: the text of plans, which build services without look-ups."""
