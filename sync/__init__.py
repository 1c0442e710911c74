"""The engine: moves records between a shop and its ERP, one road at a time."""
