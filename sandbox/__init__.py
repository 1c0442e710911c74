"""The sandbox: a local Shopify, ERP stand-ins and the embedded servers. Never imported by production code."""
