"""How fast live markets are: fan-out, a message's way through, the pipeline, and reads."""
