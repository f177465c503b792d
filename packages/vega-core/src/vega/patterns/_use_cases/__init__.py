"""Use cases: interactors, mediators, behaviours, triggers and transactions."""
