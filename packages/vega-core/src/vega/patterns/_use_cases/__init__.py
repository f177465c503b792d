"""Use cases: interactors, mediators, the behaviours around them, triggers and transactions."""
