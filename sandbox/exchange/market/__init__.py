"""The market around the accounts: prices, quotes, takers, candles."""
