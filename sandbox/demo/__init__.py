"""`make demo`: two shops, a real ERP and Concord as it runs in production, all on this machine."""
