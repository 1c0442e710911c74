"""Who buys: customers found, made and changed.

It owns Customer documents after seeding. Orders keep their own copies of addresses.
"""

from __future__ import annotations

from typing import Any

from sandbox.shopify import places
from sandbox.shopify.commands.catalogue import clean_tags
from sandbox.shopify.commands.happenings import Action, action
from sandbox.shopify.documents import gid, load, new_gid, now
from sandbox.shopify.store import Document, Store

PLAIN_FIELDS = {
    "first_name": "firstName",
    "last_name": "lastName",
    "email": "email",
    "phone": "phone",
    "note": "note",
    "tax_exempt": "taxExempt",
}


class UnknownCustomer(LookupError):
    """The shop has no such customer."""


def buyer(happening: Action, spec: Document) -> Document | None:
    """The customer of an order's spec; a new e-mail address makes a new customer, a guest stays nobody."""
    store, shop = happening.store, happening.shop
    if spec.get("customer_id"):
        found = store.get(shop, "customer", spec["customer_id"])
        if found is None:
            raise UnknownCustomer(f"the shop has no customer {spec['customer_id']}")
        return found
    if spec.get("company_location_id"):
        branch = load(store, shop, spec["company_location_id"])
        if branch is None:
            raise UnknownCustomer(f"the shop has no company location {spec['company_location_id']}")
        company = load(store, shop, branch["companyId"]) or {}
        contact = load(store, shop, company["mainContactId"]) or {}
        return store.get(shop, "customer", contact["customerId"])
    email = spec.get("email")
    if not email or spec.get("guest"):
        return None
    known = next((row for row in store.all(shop, "customer") if row["email"] == email), None)
    if known is not None:
        return known
    made = _new(
        store,
        shop,
        {"email": email, "addresses": [spec["shipping_address"]] if spec.get("shipping_address") else []},
    )
    happening.tell("customers/create", made)
    return made


def create(store: Store, shop: str, fields: Document) -> str:
    """A person becomes a customer: `email`, `first_name`, `last_name`, `phone`, `tags`, `addresses` …; gives the id."""
    with action(store, shop) as happening:
        made = _new(store, shop, fields)
        happening.tell("customers/create", made)
    return str(made["id"])


def _new(store: Store, shop: str, fields: Document) -> Document:
    customer_id, at = new_gid(store, "Customer"), now(store)
    addresses = [_address(store, one) for one in fields.get("addresses", [])]
    first: Document = addresses[0] if addresses else {}
    home = store.view(shop, "shop", shop) or {}
    document: Document = {
        "id": customer_id,
        "firstName": fields.get("first_name") or first.get("firstName"),
        "lastName": fields.get("last_name") or first.get("lastName"),
        "email": fields.get("email"),
        "phone": fields.get("phone"),
        "tags": clean_tags(fields.get("tags", [])),
        "taxExempt": bool(fields.get("tax_exempt")),
        "taxExemptions": [],
        "note": fields.get("note"),
        "state": "DISABLED",
        "verifiedEmail": True,
        "locale": "de" if home.get("currencyCode") == "EUR" else "en",
        "addresses": addresses,
        "defaultAddressId": addresses[0]["id"] if addresses else None,
        "acceptsMarketing": bool(fields.get("accepts_marketing")),
        "createdAt": at,
        "updatedAt": at,
    }
    return store.put(shop, "customer", customer_id, document)


def _address(store: Store, given: dict[str, Any]) -> Document:
    return places.address(
        given, global_id=f"{gid('MailingAddress', store.next_id())}?model_name=CustomerAddress"
    )


def update(store: Store, shop: str, customer_id: str, changes: Document) -> None:
    """A customer's `first_name`, `last_name`, `email`, `phone`, `note`, `tags`, `tax_exempt` or `address` changes."""
    with action(store, shop) as happening:
        customer = store.get(shop, "customer", customer_id)
        if customer is None:
            raise UnknownCustomer(f"the shop has no customer {customer_id}")
        for key, field in PLAIN_FIELDS.items():
            if key in changes:
                customer[field] = changes[key]
        if "tags" in changes:
            customer["tags"] = clean_tags(changes["tags"])
        if changes.get("address"):
            _change_address(store, customer, changes["address"])
        customer["updatedAt"] = now(store)
        store.put(shop, "customer", customer_id, customer)
        happening.tell("customers/update", customer)


def _change_address(store: Store, customer: Document, given: Document) -> None:
    kept = customer["defaultAddressId"]
    if kept is None:
        made = _address(store, given)
        customer["addresses"].append(made)
        customer["defaultAddressId"] = made["id"]
        return
    customer["addresses"] = [
        places.address(_over(one, given), global_id=kept) if one["id"] == kept else one
        for one in customer["addresses"]
    ]


def _over(address: Document, given: Document) -> Document:
    """An address with some fields (snake case) replaced."""
    changed = dict(address)
    for key, value in given.items():
        first, *rest = key.split("_")
        changed[first + "".join(part.capitalize() for part in rest)] = value
    return changed


def delete(store: Store, shop: str, customer_id: str) -> None:
    """A customer without orders is removed."""
    with action(store, shop) as happening:
        customer = store.get(shop, "customer", customer_id)
        if customer is None:
            raise UnknownCustomer(customer_id)
        store.delete(shop, "customer", customer_id)
        happening.tell("customers/delete", customer)
