"""Who may: shops, grants, tokens, staff, signatures, credentials and the audit log."""
