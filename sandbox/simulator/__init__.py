"""The simulator: one thread, a set clock, real PostgreSQL, both worlds in process, a seeded plan of what goes wrong."""
