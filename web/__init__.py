"""The door: receives deliveries, lets people in, shows screens. It decides nothing about records."""
