"""Where a value of an order is read from, as a form asks for it: a place to choose, and a name where it needs one."""

from __future__ import annotations

from typing import Final

from web.forms import Form, NotFilledIn

NAMED: Final = (
    ("attribute", "An attribute of the order (note attribute)"),
    ("metafield", "A metafield of the order"),
)
TAG: Final = ("tag", "A tag, when the order has it")
PARTS: Final = (
    ("order:name", "Order number"),
    ("order:note", "Note"),
    ("order:email", "Email address"),
    ("order:phone", "Phone number"),
    ("order:tags", "All tags"),
    ("order:source", "Channel"),
    ("order:purchase_order", "Purchase order number"),
    ("order:gateway", "Payment gateways"),
    ("order:created_at", "Time it was created"),
    ("order:processed_at", "Time it was placed"),
    ("order:currency", "Currency of the buyer"),
    ("order:discounts", "Names of discounts"),
    ("order:location", "Location of a sale in a shop"),
)
WORDS: Final = dict((*NAMED, TAG, *PARTS))
LONGEST_NAME = 128


def apart(source: str) -> tuple[str, str]:
    """The choice and the name of a stored source."""
    kind, _, name = source.partition(":")
    return (source, "") if kind == "order" else (kind, name)


def said(source: str) -> str:
    """A source as people read it."""
    chosen, name = apart(source)
    match chosen:
        case "attribute":
            return f"Attribute “{name}”"
        case "metafield":
            return f"Metafield {name}"
        case "tag":
            return f"Tag “{name}”"
        case _:
            return WORDS.get(source, source)


def typed(form: Form, *, choice: str, name: str) -> str:
    """The source that a form names. Raises NotFilledIn."""
    chosen, called = form.text(choice), form.text(name, limit=LONGEST_NAME)
    if chosen not in WORDS:
        raise NotFilledIn(**{choice: "Choose where the value comes from."})
    if chosen in dict(PARTS):
        return chosen
    if not called:
        raise NotFilledIn(**{name: "Write the name, exactly as Shopify has it."})
    if chosen == "metafield" and not all(called.partition(".")[::2]):
        raise NotFilledIn(**{name: "Write the metafield with its namespace, for example custom.po_number."})
    return f"{chosen}:{called}"
