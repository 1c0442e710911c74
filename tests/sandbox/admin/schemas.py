"""The JSON Schema of a webhook body, widened where a sample-inferred schema is narrower than Shopify.

It owns the list of widenings. Each entry names a field (the last part of its path) and why it may be null or absent.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

import sandbox.shopify

FOLDER = Path(sandbox.shopify.__file__).parent / "data" / "webhook-schemas"
# Fields that are null when there is nothing to say: guests, digital orders, places without provinces.
NULLABLE = {
    *("billing_address", "shipping_address", "destination", "customer", "contact_email", "email"),
    *("province", "province_code", "phone", "sku", "first_name", "last_name", "default_address", "company"),
    *(
        "tracking_company",
        "tracking_number",
        "tracking_url",
        "image",
        "price",
        "payment_terms",
        "description",
    ),
    *(
        "credit_card_company",
        "cost",
        "remaining_fulfillment_order",
        "locale",
        "zone_code",
        "external_id",
        "id",
    ),
    *(
        "zip",
        "city",
        "address1",
        "compare_at_price",
        "name",
        "session_hash",
        "variant_id",
        "remote_reference",
    ),
}
# Types that a handful of samples could not show.
ALSO = {
    "rate": ["number"],
    "payment_terms": ["object"],
    "name": ["string"],
    "weight_value": ["number"],
    "value": ["string"],
    "device_id": ["string", "null"],
    "credit_card_number": ["null"],
    "fulfillment_status": ["null"],
    "country": ["string"],
}


@cache
def of(topic: str) -> jsonschema.Draft202012Validator:
    """The widened schema of a topic, ready to judge bodies."""
    schema: dict[str, Any] = json.loads((FOLDER / f"{topic.replace('/', '_')}.json").read_text())
    _widen(schema)
    return jsonschema.Draft202012Validator(schema)


def topics() -> list[str]:
    """The topics that have a schema."""
    subjects = sorted(path.stem for path in FOLDER.glob("*.json"))
    return ["/".join(subject.rsplit("_", 1)) for subject in subjects]


def check(topic: str, body: dict[str, Any]) -> None:
    """Raises when the body does not satisfy the topic's schema."""
    of(topic).validate(body)


def _widen(schema: dict[str, Any]) -> None:
    for name, inner in schema.get("properties", {}).items():
        kinds = inner.get("type")
        if kinds is not None:
            allowed = [kinds] if isinstance(kinds, str) else list(kinds)
            allowed += ["null"] if name in NULLABLE else []
            inner["type"] = list(dict.fromkeys([*allowed, *ALSO.get(name, [])]))
        _widen(inner)
    if schema.get("items") is False:  # no sample had anything in this list
        del schema["items"]
    if isinstance(schema.get("items"), dict):
        _widen(schema["items"])
    for option in schema.get("anyOf", []):
        _widen(option)
