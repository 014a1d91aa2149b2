"""Records that outlive their heat: how long each kind stays where, and what proves a move."""
