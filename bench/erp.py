"""The ERP of the benchmarks: the stand-in as a process of its own that answers at once."""

from __future__ import annotations

from sandbox.erp.standin.app import build
from sandbox.erp.standin.connecting import stocked
from sandbox.shopify.seed_data import catalogue

KEY = "bench-key"
SHOP = "alpha.myshopify.com"

app = build(stocked("USD", catalogue(SHOP)), key=KEY)
