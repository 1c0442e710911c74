"""Schema migrations: one idea each, safe while the version before still runs."""
