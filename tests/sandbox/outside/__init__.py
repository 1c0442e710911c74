"""Tests of the local Shopify's outside: OAuth, webhooks, admin pages, control API, the process."""
