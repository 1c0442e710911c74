"""Promises of the two readers of Shopify's JSON."""
