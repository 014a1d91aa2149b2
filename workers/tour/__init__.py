"""The tour: one trade through the public interfaces, shown step by step."""
