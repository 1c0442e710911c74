"""The adapter to Shopify: it gets a token and values, returns values or raises a fault. It knows no table."""
