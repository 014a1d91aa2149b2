"""HTTP routes, one module a resource of API.md."""
