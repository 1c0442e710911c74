"""Rows with a meaning: inbox, jobs, intents, links, mappings, cursors. The only place that knows tables."""
