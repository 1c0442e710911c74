"""A new order from its spec: who buys, what, where it goes, and what it costs.

It owns the Order document at its birth, before payment and routing. The spec is plain JSON; amounts are in the
shop's currency:

- `lines`: list of {`sku` or `variant_id` or `title` + `price`, `quantity`, `price`?, `discount`? {`amount` or
  `percent`, `title`?}, `taxable`?, `tax_class`?, `requires_shipping`?, `properties`? {name: value}, `duty`? amount,
  `hs_code`?, `origin`?};
- `customer_id`, `email` or `guest`: a known customer, a person by e-mail (made a customer), nobody known;
- `shipping_address`, `billing_address`: fields in snake case; a known customer's default address when left out, null
  for none;
- `discounts`: list of {`amount` or `percent`, `code`?, `title`?, `target`? `shipping`} over the whole order;
- `shipping`: list of {`title`, `price`, `code`?, `discount`? {`amount` or `percent`}, `tax_class`?};
- `presentment_currency`, `rate`: what the buyer pays in, and how much of it one unit of the shop's currency is;
- `financial_state`: `paid` (default), `pending` or `authorized`; `gateway` names the gateway;
- `tip`, `additional_fee` {`name`, `price`}, `gift_card` (the amount paid with one); `taxes` false: nothing is taxed;
- `attributes`, `note`, `tags`, `test`, `source_name`, `po_number`, `phone`, `locale`; `at`: when it happened;
- `location_id`: sold at this location's till, fulfilled at once;
- `company_location_id`, `payment_terms` {`name`?, `type`, `days`}: a B2B order.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sandbox.shopify import places
from sandbox.shopify.commands import order_lines, pricing
from sandbox.shopify.commands.catalogue import clean_tags
from sandbox.shopify.commands.order_lines import Line, Taxation
from sandbox.shopify.commands.order_store import Refused
from sandbox.shopify.commands.pricing import Charge
from sandbox.shopify.documents import gid, load, moment, new_gid, now, number, stamp
from sandbox.shopify.money import Currencies
from sandbox.shopify.store import Document, Store

SPEC = frozenset(
    "lines customer_id email guest shipping_address billing_address discounts shipping presentment_currency rate"
    " financial_state gateway tip additional_fee gift_card taxes attributes note tags test source_name"
    " source_identifier po_number phone locale at location_id company_location_id payment_terms".split()
)


@dataclass
class Draft:
    """An order being made: its document and what is needed to sell it."""

    order: Document
    lines: list[Line]
    currencies: Currencies


def build(store: Store, shop: str, spec: Document, *, customer: Document | None) -> Draft:
    """The order of a spec, without agreements, transactions and fulfilment orders."""
    if unknown := sorted(spec.keys() - SPEC):
        raise Refused(f"an order has no {', '.join(unknown)}")
    home = store.get(shop, "shop", shop)
    assert home is not None
    if spec.get("location_id") and store.view(shop, "location", spec["location_id"]) is None:
        raise Refused(f"the shop has no location {spec['location_id']}")
    currencies = _currencies(home, spec)
    exempt = bool(customer and customer["taxExempt"])
    taxation = Taxation(
        classes=home["sandbox"]["taxes"],
        included=home["taxesIncluded"],
        on_shipping=home["taxShipping"],
        applies=spec.get("taxes", True) is not False and not exempt,
    )
    order_id, order_number = new_gid(store, "Order"), _next_number(store, shop, home)
    lines = [
        order_lines.read(store, shop, wish, taxation=taxation, currencies=currencies)
        for wish in spec.get("lines", [])
    ]
    shipping = [(wish, _shipping_charge(wish, taxation, currencies)) for wish in spec.get("shipping", [])]
    applications = _discounts(spec, lines, shipping, currencies)
    for line in lines:
        line.duties = _duties(store, line, taxation, currencies)
    if spec.get("tip"):
        lines.append(order_lines.tip(store, spec["tip"], currencies=currencies))
    facts: dict[str, Any] = {"applications": applications, "taxation": taxation, "currencies": currencies}
    order = {
        **_identity(store, shop, spec, order_id, order_number),
        **_people(store, shop, spec, customer),
        "currencyCode": currencies.shop,
        "presentmentCurrencyCode": currencies.presentment,
        "exchangeRate": str(currencies.rate),
        "taxesIncluded": taxation.included,
        "taxExempt": exempt,
        "isTaxed": taxation.applies,
        "estimatedTaxes": False,
        "dutiesIncluded": False,
        "discountApplications": applications,
        "discountCodes": [one["code"] for one in applications if "code" in one],
        "discountCode": next((one["code"] for one in applications if "code" in one), None),
        "lineItems": [order_lines.document(line, order_id=order_id, **facts) for line in lines],
        "shippingLines": [
            order_lines.shipping_document(store, wish, charge, **facts) for wish, charge in shipping
        ],
        "additionalFees": _fees(store, spec, currencies),
    }
    for key in ("agreements", "transactions", "refunds", "fulfillments", "fulfillmentOrders", "returns"):
        order[key] = []
    return Draft(order, lines, currencies)


def _currencies(home: Document, spec: Document) -> Currencies:
    own = home["currencyCode"]
    presentment = spec.get("presentment_currency") or own
    if presentment == own:
        return Currencies(own, own)
    rates = home["sandbox"]["rates"]
    if not spec.get("rate") and presentment not in rates:
        raise Refused(f"presentment_currency needs a rate, or is one of {', '.join(sorted([own, *rates]))}")
    rate = spec.get("rate") or rates[presentment]
    return Currencies(own, presentment, Decimal(str(rate)))


def _next_number(store: Store, shop: str, home: Document) -> int:
    given = int(home["sandbox"]["nextOrderNumber"])
    home["sandbox"]["nextOrderNumber"] = given + 1
    store.put(shop, "shop", shop, home)
    return given


def _identity(store: Store, shop: str, spec: Document, order_id: str, order_number: int) -> Document:
    at = stamp(moment(spec["at"])) if spec.get("at") else now(store)
    attributes = spec.get("attributes") or {}
    return {
        "id": order_id,
        "name": f"#{order_number}",
        "number": order_number,
        "confirmationNumber": f"C{number(order_id):X}",
        "token": secrets.token_hex(16),
        "createdAt": at,
        "processedAt": at,
        "updatedAt": at,
        "closedAt": None,
        "cancelledAt": None,
        "cancelReason": None,
        "cancellation": None,
        "confirmed": True,
        "edited": False,
        "test": bool(spec.get("test")),
        "note": spec.get("note"),
        "tags": clean_tags(spec.get("tags", [])),
        "customAttributes": [{"key": key, "value": str(value)} for key, value in attributes.items()],
        "poNumber": spec.get("po_number"),
        "sourceName": spec.get("source_name") or ("pos" if spec.get("location_id") else "web"),
        "sourceIdentifier": spec.get("source_identifier"),
        "retailLocationId": spec.get("location_id"),
        "physicalLocationId": spec.get("location_id"),
        "clientIp": None,
    }


def _people(store: Store, shop: str, spec: Document, customer: Document | None) -> Document:
    branch = load(store, shop, spec["company_location_id"]) if spec.get("company_location_id") else None
    default = None
    if customer:
        wanted = customer["defaultAddressId"]
        default = next((one for one in customer["addresses"] if one["id"] == wanted), None)
    shipping = _address(store, spec, "shipping_address", default)
    billing = _address(store, spec, "billing_address", shipping)
    customer_id = customer["id"] if customer else None
    email = spec.get("email") or (customer["email"] if customer else None)
    purchasing: Document | None = {"__typename": "Customer", "id": customer_id} if customer_id else None
    if branch:
        company = load(store, shop, branch["companyId"]) or {}
        contact = company.get("mainContactId")
        purchasing = {
            "__typename": "PurchasingCompany",
            "companyId": branch["companyId"],
            "locationId": branch["id"],
            "contactId": contact,
        }
    return {
        "customerId": customer_id,
        "companyId": branch["companyId"] if branch else None,
        "companyLocationId": branch["id"] if branch else None,
        "purchasing": purchasing,
        "email": email,
        "phone": spec.get("phone"),
        "customerLocale": spec.get("locale") or (customer["locale"] if customer else None),
        "customerAcceptsMarketing": bool(customer and customer["acceptsMarketing"]),
        "shippingAddress": shipping,
        "billingAddress": billing,
        "displayAddress": shipping or billing,
        "billingAddressMatchesShippingAddress": _plain(shipping) == _plain(billing),
        "canNotifyCustomer": bool(email),
        "paymentTerms": _terms(store, spec),
    }


def _plain(address: Document | None) -> Any:
    return {key: value for key, value in address.items() if key != "id"} if address else None


def _address(store: Store, spec: Document, key: str, fallback: Document | None) -> Document | None:
    if key in spec and spec[key] is None:
        return None
    given = spec.get(key) or fallback
    if given is None:
        return None
    return places.address(given, global_id=f"{gid('MailingAddress', store.next_id())}?model_name=Address")


def _terms(store: Store, spec: Document) -> Document | None:
    wish = spec.get("payment_terms")
    if not wish:
        return None
    kind, days = wish.get("type", "NET"), wish.get("days")
    at = moment(spec["at"]) if spec.get("at") else store.now()
    name = wish.get("name") or (f"Net {days}" if days else kind.replace("_", " ").capitalize())
    return {
        "id": new_gid(store, "PaymentTerms"),
        "paymentTermsType": kind,
        "paymentTermsName": name,
        "translatedName": name,
        "dueInDays": days,
        "due": False,
        "overdue": False,
        "draftOrder": None,
        "dueAt": stamp(at + timedelta(days=days)) if days else None,
        "issuedAt": stamp(at),
        "scheduleId": new_gid(store, "PaymentSchedule"),
    }


def _shipping_charge(wish: Document, taxation: Taxation, currencies: Currencies) -> Charge:
    rates = taxation.rates(wish.get("tax_class") or "standard") if taxation.on_shipping else []
    return Charge(currencies.bag(Decimal(str(wish["price"]))), rates)


def _discounts(
    spec: Document, lines: list[Line], shipping: list[tuple[Document, Charge]], currencies: Currencies
) -> list[Document]:
    """Applies the discounts: those of single lines first, then those of the order, then those on shipping."""
    applications: list[Document] = []
    targets = [(line.wish.get("discount"), [line.charge], "LINE_ITEM", False) for line in lines]
    for wish in spec.get("discounts", []):
        if wish.get("target") == "shipping":
            targets.append((wish, [charge for _, charge in shipping], "SHIPPING_LINE", False))
        else:
            targets.append(
                (wish, [line.charge for line in lines if not line.is_gift_card], "LINE_ITEM", True)
            )
    targets += [(one.get("discount"), [charge], "SHIPPING_LINE", False) for one, charge in shipping]
    for wish, charges, target, across in targets:
        if not wish:
            continue
        index = len(applications)
        applications.append(
            pricing.application(wish, index=index, target=target, across=across, currency=currencies.shop)
        )
        pricing.discount(charges, wish, index=index, currencies=currencies)
    return applications


def _duties(store: Store, line: Line, taxation: Taxation, currencies: Currencies) -> list[Document]:
    if not line.wish.get("duty"):
        return []
    return [
        {
            "id": new_gid(store, "Duty"),
            "harmonizedSystemCode": line.wish.get("hs_code", "420292"),
            "countryCodeOfOrigin": line.wish.get("origin", "US"),
            "price": currencies.document(currencies.bag(Decimal(str(line.wish["duty"])))),
            "taxLines": [],
        }
    ]


def _fees(store: Store, spec: Document, currencies: Currencies) -> list[Document]:
    fee = spec.get("additional_fee")
    if not fee:
        return []
    price = currencies.document(currencies.bag(Decimal(str(fee["price"]))))
    return [
        {
            "id": new_gid(store, "AdditionalFee"),
            "name": fee.get("name", "Fee"),
            "price": price,
            "taxLines": [],
        }
    ]
