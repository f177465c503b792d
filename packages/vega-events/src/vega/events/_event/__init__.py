"""The base class of events, its identifiers, and events as plain data."""
