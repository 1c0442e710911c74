"""Flows: one module per road and direction, and the side roads that only ask for jobs."""
