"""Tryton 8, over the REST interface that it brings. Nothing of Tryton is imported: it is a program at an address."""
