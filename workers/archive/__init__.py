"""The operators' command line for archives: `python -m workers.archive`."""
