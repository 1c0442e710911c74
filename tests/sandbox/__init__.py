"""Tests of the local Shopify and the ERP stand-ins."""
