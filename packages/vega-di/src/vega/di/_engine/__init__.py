"""Epochs and engines: the proved graph of an epoch, singletons and plans."""
