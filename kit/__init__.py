"""Ground floor: settings, database, clock, sealing, the door to the network. It knows no business noun."""
