"""Adapters to ERPs, one folder a kind. They get values and a credential, return values or raise a fault."""
