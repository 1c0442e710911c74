"""ERPs for a laptop and for the tests: the real Tryton as a program, stand-ins for what cannot be installed."""
