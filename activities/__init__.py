"""One step each: parse, one port call, map the errors."""
