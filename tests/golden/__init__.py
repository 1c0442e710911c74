"""Orders with their histories, as Shopify sends them, and what Concord makes of them: read and approved by people."""
