"""Fills an empty store with the two shops of `seed_data`, under ids that are the same on every machine.

It owns ids and dates of what is seeded. A shop that exists already is left alone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import count

from sandbox.shopify import places, seed_trade
from sandbox.shopify.commands import catalogue as goods
from sandbox.shopify.documents import gid, now
from sandbox.shopify.seed_data import ALPHA, BETA, SHOPS, Person, Product, ShopSeed, barcode, catalogue
from sandbox.shopify.store import Document, Store

__all__ = ["ALPHA", "BETA", "catalogue", "seed"]

FIRST_ORDER_NUMBER = 1001


@dataclass(frozen=True)
class Ids:
    """Ids of one seeded shop, below the first id that the store itself gives."""

    start: int

    def counter(self) -> count[int]:
        """The ids, one after another."""
        return count(self.start)


IDS = {ALPHA: Ids(1_100_000_001), BETA: Ids(2_100_000_001)}


def seed(store: Store) -> None:
    """Makes both shops unless they are there."""
    for shop in SHOPS:
        with store.lock, store.batch():
            if store.view(shop.domain, "shop", shop.domain) is None:
                _shop(store, shop, IDS[shop.domain].counter())


def _shop(store: Store, seeded: ShopSeed, ids: count[int]) -> None:
    store.put(seeded.domain, "shop", seeded.domain, _shop_document(store, seeded, ids))
    locations = [_location(store, seeded, ids, place) for place in range(len(seeded.locations))]
    for product in seeded.products:
        goods.add(store, seeded.domain, _product(seeded, product, locations), make_id=ids.__next__)
    customers = [_customer(store, seeded, person, ids) for person in seeded.people]
    seed_trade.companies(store, seeded.domain, customers[0], ids)
    seed_trade.payouts(store, seeded.domain, ids)


def _shop_document(store: Store, seeded: ShopSeed, ids: count[int]) -> Document:
    name = seeded.domain.split(".")[0]
    shop_id, at = next(ids), now(store)
    address = places.address(asdict(seeded.address), global_id=gid("ShopAddress", next(ids)))
    symbol = {"USD": "${{amount}}", "EUR": "€{{amount_with_comma_separator}}"}[seeded.currency]
    return {
        "id": gid("Shop", shop_id),
        "name": seeded.name,
        "email": f"office@{name}.example",
        "contactEmail": f"hello@{name}.example",
        "myshopifyDomain": seeded.domain,
        "shopOwnerName": f"{seeded.address.first_name} {seeded.address.last_name}",
        "currencyCode": seeded.currency,
        "enabledPresentmentCurrencies": sorted([seeded.currency, *seeded.rates]),
        "currencyFormats": {
            "moneyFormat": symbol,
            "moneyInEmailsFormat": symbol,
            "moneyWithCurrencyFormat": f"{symbol} {seeded.currency}",
            "moneyWithCurrencyInEmailsFormat": f"{symbol} {seeded.currency}",
        },
        "taxesIncluded": seeded.taxes_included,
        "taxShipping": seeded.tax_shipping,
        "ianaTimezone": seeded.timezone,
        "shopAddress": address,
        "billingAddress": address,
        "url": f"https://{seeded.domain}",
        "primaryDomain": {
            "id": gid("Domain", next(ids)),
            "host": seeded.domain,
            "url": f"https://{seeded.domain}",
            "sslEnabled": True,
        },
        "unitSystem": "IMPERIAL_SYSTEM" if seeded.currency == "USD" else "METRIC_SYSTEM",
        "createdAt": at,
        "updatedAt": at,
        "sandbox": {
            "taxes": {key: [list(line) for line in lines] for key, lines in seeded.taxes.items()},
            "rates": seeded.rates,
            "nextOrderNumber": FIRST_ORDER_NUMBER,
        },
    }


def _location(store: Store, seeded: ShopSeed, ids: count[int], place: int) -> str:
    name, address = seeded.locations[place]
    location_id, at = gid("Location", next(ids)), now(store)
    store.put(
        seeded.domain,
        "location",
        location_id,
        {
            "id": location_id,
            "name": name,
            "levelNumber": next(ids),
            "isActive": True,
            "isPrimary": place == 0,
            "fulfillsOnlineOrders": True,
            "shipsInventory": True,
            "deactivatedAt": None,
            "address": places.address(asdict(address), global_id=gid("LocationAddress", next(ids))),
            "createdAt": at,
            "updatedAt": at,
        },
    )
    return location_id


def _product(seeded: ShopSeed, product: Product, locations: list[str]) -> goods.NewProduct:
    variants = tuple(
        goods.NewVariant(
            option_values=((product.option, variant.option),),
            sku=variant.sku,
            price=variant.price,
            barcode=barcode(variant.sku),
            cost=variant.cost,
            grams=variant.grams,
            tracked=product.kind == "goods",
            requires_shipping=product.kind == "goods",
            taxable=product.tax != "none",
            tax_class=product.tax,
            stock=dict(zip(locations, variant.stock, strict=True)),
        )
        for variant in product.variants
    )
    return goods.NewProduct(
        title=product.title,
        variants=variants,
        vendor=seeded.name,
        type=product.type,
        tags=(product.type,),
        description_html=f"<p>{product.title}</p>",
        is_gift_card=product.kind == "gift_card",
    )


def _customer(store: Store, seeded: ShopSeed, person: Person, ids: count[int]) -> str:
    customer_id, at = gid("Customer", next(ids)), now(store)
    addresses = [
        places.address(
            asdict(address), global_id=f"{gid('MailingAddress', next(ids))}?model_name=CustomerAddress"
        )
        for address in person.addresses
    ]
    first = person.addresses[0]
    document = {
        "id": customer_id,
        "firstName": first.first_name,
        "lastName": first.last_name,
        "email": person.email,
        "phone": first.phone or None,
        "tags": goods.clean_tags(person.tags),
        "taxExempt": person.tax_exempt,
        "taxExemptions": [],
        "note": None,
        "state": "DISABLED",
        "verifiedEmail": True,
        "locale": "de" if seeded.currency == "EUR" else "en",
        "addresses": addresses,
        "defaultAddressId": addresses[0]["id"],
        "acceptsMarketing": "newsletter" in person.tags,
        "createdAt": at,
        "updatedAt": at,
    }
    store.put(seeded.domain, "customer", customer_id, document)
    return customer_id
