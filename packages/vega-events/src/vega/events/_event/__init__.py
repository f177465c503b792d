"""The base class of events, identifiers, and events as plain data."""
