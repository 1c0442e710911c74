"""Tryton 8, over the REST interface that it brings. Nothing of Tryton is imported: it is a program at an address."""

from sync.connectors.tryton.connector import TrytonConnector as open_connector
from sync.connectors.tryton.form import FIELDS, ORDER_FIELDS

__all__ = ["FIELDS", "ORDER_FIELDS", "open_connector"]
