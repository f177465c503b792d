"""WebSockets: handlers, messages, send queues, rooms and backplanes."""
