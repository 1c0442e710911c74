"""The sheets on which a mapping is edited: one module per kind of thing, all filled in and read the same way."""
