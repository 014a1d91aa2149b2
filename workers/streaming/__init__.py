"""The streaming worker: the venue's prices into Redis and out to the gateways."""
