"""The admin pages of the local Shopify: what a person at a laptop sees and clicks."""
