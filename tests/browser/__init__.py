"""Journeys of people through the admin in a real Chromium, on the local Shopify and the ERP stand-in."""
