"""What people are told about their shop: every figure, and nothing of another shop."""
