"""The edge: HTTP routes, sign-in, problems."""
