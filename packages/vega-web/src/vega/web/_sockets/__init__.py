"""WebSockets: handlers, their messages, outboxes and rooms; `vega.web` names what is public."""
