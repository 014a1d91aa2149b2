"""Fixtures of the package end with it: without this file they would live as long as the session."""
