"""Keys: the types, names and markers that services are requested by."""
