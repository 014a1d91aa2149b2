"""Follows the venue's user-data streams and tells the workflows of resting orders."""
