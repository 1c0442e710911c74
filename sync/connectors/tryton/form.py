"""What a person is asked about a Tryton: how to connect it, and which fields of its sales a mapping may fill."""

from __future__ import annotations

from sync.connectors.base import Field

FIELDS = (
    Field(
        name="url",
        label="Address of Tryton",
        help="Where its web service answers, without the database: https://erp.example.com",
        is_url=True,
    ),
    Field(name="database", label="Database", help="The name that follows the address when you log in."),
    Field(
        name="web_shop",
        label="Web shop",
        help="Name of the web shop record in Tryton that stands for this shop. Empty: the shop's myshopify.com domain.",
    ),
    Field(
        name="key",
        label="Application key",
        help="In Tryton: Administration, Users, the user that Concord acts as, Applications; application REST API.",
        is_secret=True,
    ),
)

ORDER_FIELDS = (("comment", "Comment"), ("description", "Description"), ("reference", "Reference"))
