"""Benchmarks: figures with their floor measured in the same run, never assertions about time."""
