"""Engines: the proved graph of one epoch, its singletons and its plans."""
