"""What is true: pure rules of trading, without clock, randomness or I/O."""
