"""Promises of the pure domain."""
