"""Stand-ins for the outside world, as real network servers. They import nothing of ours."""
