"""A spot exchange that speaks Binance's REST, WebSocket API and stream protocols."""
