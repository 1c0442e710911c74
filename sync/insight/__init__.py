"""Read models for people: frozen answers to one question each. Nothing here writes, and nothing here calls out."""
