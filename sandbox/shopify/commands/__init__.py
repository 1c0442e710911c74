"""What merchants and buyers do in a shop: plain functions that change documents and tell what happened."""
