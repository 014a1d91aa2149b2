"""Paper trading: one session as a pure state machine that the market's observations drive."""
