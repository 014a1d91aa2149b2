"""Paper sessions, measured: their latency, how near to the market they are, a long life."""
