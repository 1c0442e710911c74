"""A local Shopify that executes the real Admin schema 2026-10, so that Concord can be built and tested without a store."""
