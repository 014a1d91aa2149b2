"""The paper market: live order books on demand, and the watch over resting paper orders."""
