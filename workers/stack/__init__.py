"""The local stack: every server and process of the system on one machine, on loopback."""
