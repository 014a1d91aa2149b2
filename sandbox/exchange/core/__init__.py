"""Orders, matching and balances. Pure, but for the journal that makes them durable."""
