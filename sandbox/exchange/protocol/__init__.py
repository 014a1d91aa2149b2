"""What goes over the wire, in Binance's words."""
