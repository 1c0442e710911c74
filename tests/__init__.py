"""Concord's tests: promises through public functions, real PostgreSQL and Redis, remote systems from the sandbox."""
