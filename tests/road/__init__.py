"""The whole road with real processes: from a partner link to the cent in the ERP, and through every interruption."""
