"""Generated code: the text of plans, which build services without looking anything up."""
