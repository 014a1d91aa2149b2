"""Measurements of the event bus and of the services behind it."""
