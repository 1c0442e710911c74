"""Journeys of people through the admin in a real Chromium, on the local Shopify, the ERP stand-in and a real database."""
