"""How fast the dashboard is there, how smoothly it goes on, and that it grows not."""
