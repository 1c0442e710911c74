"""Tests of the Admin API half of the local Shopify."""
