"""A real Tryton with one company per shop of the local Shopify, installed and filled by the programs it brings.

Tryton is licensed under the GPL and stays a program of its own in its own environment: everything here speaks to it
over HTTP or starts its commands. Nothing of it is imported.
"""
