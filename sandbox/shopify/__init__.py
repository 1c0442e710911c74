"""A local Shopify that executes the real Admin schema 2026-10, for building Concord without a store."""
