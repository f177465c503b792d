"""WebSockets: handlers, messages, send queues, rooms and the backplanes that join processes."""
