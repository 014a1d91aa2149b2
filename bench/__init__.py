"""Measurements on the machine as it is, each beside a yardstick of the same run."""
