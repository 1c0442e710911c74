"""Products, inventory and locations in their REST form."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify.bodies.parts import Clock, id_of
from sandbox.shopify.documents import load
from sandbox.shopify.store import Document, Store


def product(store: Store, shop: str, document: Document) -> Document:
    """products/create, products/update"""
    clock, product_id = Clock(store, shop), id_of(document["id"])
    variants = [found for one in document["variantIds"] if (found := load(store, shop, one)) is not None]
    return {
        "id": product_id,
        "admin_graphql_api_id": document["id"],
        "title": document["title"],
        "body_html": document["descriptionHtml"],
        "vendor": document["vendor"],
        "product_type": document["productType"],
        "handle": document["handle"],
        "status": document["status"].lower(),
        "tags": ", ".join(document["tags"]),
        "template_suffix": None,
        "published_scope": "web",
        "published_at": clock(document["publishedAt"]),
        "created_at": clock(document["createdAt"]),
        "updated_at": clock(document["updatedAt"]),
        "category": None,
        "has_variants_that_requires_components": False,
        "image": None,
        "images": [],
        "media": [],
        "options": [
            {
                "id": id_of(one["id"]),
                "product_id": product_id,
                "name": one["name"],
                "position": one["position"],
                "values": one["values"],
            }
            for one in document["options"]
        ],
        "variants": [_variant(store, shop, one, clock) for one in variants],
        "variant_gids": [
            {"admin_graphql_api_id": one["id"], "updated_at": clock(one["updatedAt"])} for one in variants
        ],
    }


def _variant(store: Store, shop: str, document: Document, clock: Clock) -> Document:
    levels = [
        row for row in store.views(shop, "inventory_level") if row["itemId"] == document["inventoryItemId"]
    ]
    available = sum(row["stock"]["available"] for row in levels if row["isActive"])
    values: list[Any] = [one["value"] for one in document["selectedOptions"]]
    values += [None] * (3 - len(values))
    return {
        "id": id_of(document["id"]),
        "admin_graphql_api_id": document["id"],
        "product_id": id_of(document["productId"]),
        "title": document["title"],
        "sku": document["sku"],
        "barcode": document["barcode"],
        "price": document["price"],
        "compare_at_price": document["compareAtPrice"],
        "position": document["position"],
        "taxable": document["taxable"],
        "inventory_policy": document["inventoryPolicy"].lower(),
        "inventory_item_id": id_of(document["inventoryItemId"]),
        "inventory_quantity": available,
        "old_inventory_quantity": available,
        "option1": values[0],
        "option2": values[1],
        "option3": values[2],
        "image_id": None,
        "created_at": clock(document["createdAt"]),
        "updated_at": clock(document["updatedAt"]),
    }


def product_delete(store: Store, shop: str, document: Document) -> Document:
    """products/delete"""
    return {"id": id_of(document["id"])}


def inventory_level(store: Store, shop: str, document: Document) -> Document:
    """inventory_levels/update, inventory_levels/connect, inventory_levels/disconnect"""
    return {
        "inventory_item_id": id_of(document["itemId"]),
        "location_id": id_of(document["locationId"]),
        "available": document["stock"]["available"],
        "updated_at": Clock(store, shop)(document["updatedAt"]),
        "admin_graphql_api_id": document["id"],
    }


def inventory_item(store: Store, shop: str, document: Document) -> Document:
    """inventory_items/create, inventory_items/update"""
    clock, weight = Clock(store, shop), document["measurement"]["weight"]
    cost = document["unitCost"]
    return {
        "id": id_of(document["id"]),
        "sku": document["sku"] or "",
        "created_at": clock(document["createdAt"]),
        "updated_at": clock(document["updatedAt"]),
        "requires_shipping": document["requiresShipping"],
        "cost": str(Decimal(cost["amount"])) if cost else None,
        "country_code_of_origin": document["countryCodeOfOrigin"],
        "province_code_of_origin": document["provinceCodeOfOrigin"],
        "harmonized_system_code": document["harmonizedSystemCode"],
        "tracked": document["tracked"],
        "country_harmonized_system_codes": [],
        "weight_value": weight["value"],
        "weight_unit": "kg",
        "admin_graphql_api_id": document["id"],
    }


def location(store: Store, shop: str, document: Document) -> Document:
    """locations/create, locations/update"""
    clock, address = Clock(store, shop), document["address"]
    return {
        "id": id_of(document["id"]),
        "name": document["name"],
        "address1": address["address1"],
        "address2": address["address2"] or "",
        "city": address["city"],
        "zip": address["zip"],
        "province": address["province"] or "",
        "country": address["countryCode"],
        "phone": address["phone"] or "",
        "created_at": clock(document["createdAt"]),
        "updated_at": clock(document["updatedAt"]),
        "country_code": address["countryCode"],
        "country_name": address["country"],
        "province_code": address["provinceCode"] or "",
        "legacy": False,
        "active": document["isActive"],
        "admin_graphql_api_id": document["id"],
    }


def bulk_operation(store: Store, shop: str, document: Document) -> Document:
    """bulk_operations/finish"""
    clock = Clock(store, shop)
    return {
        "admin_graphql_api_id": document["id"],
        "completed_at": clock(document["completedAt"]),
        "created_at": clock(document["createdAt"]),
        "error_code": document["errorCode"],
        "status": document["status"].lower(),
        "type": document["type"].lower(),
    }


def shop(store: Store, shop: str) -> Document:
    """The shop: shop/update, app/uninstalled"""
    home = store.view(shop, "shop", shop) or {}
    clock = Clock(store, shop)
    locations = store.views(shop, "location")
    formats = home["currencyFormats"]
    name = shop.split(".")[0]
    return {
        "id": id_of(home["id"]),
        "admin_graphql_api_id": home["id"],
        "name": home["name"],
        "email": home["email"],
        "customer_email": home["contactEmail"],
        "domain": home["primaryDomain"]["host"],
        "myshopify_domain": shop,
        "shop_owner": home["shopOwnerName"],
        **_shop_address(home["shopAddress"]),
        "currency": home["currencyCode"],
        "enabled_presentment_currencies": home["enabledPresentmentCurrencies"],
        "money_format": formats["moneyFormat"],
        "money_in_emails_format": formats["moneyInEmailsFormat"],
        "money_with_currency_format": formats["moneyWithCurrencyFormat"],
        "money_with_currency_in_emails_format": formats["moneyWithCurrencyInEmailsFormat"],
        "taxes_included": home["taxesIncluded"],
        "tax_shipping": home["taxShipping"],
        "county_taxes": True,
        "auto_configure_tax_inclusivity": None,
        "timezone": f"({clock.local(store.now())[-6:]}) {home['ianaTimezone']}",
        "iana_timezone": home["ianaTimezone"],
        "weight_unit": "lb" if home["unitSystem"] == "IMPERIAL_SYSTEM" else "kg",
        "primary_locale": "de" if home["currencyCode"] == "EUR" else "en",
        "primary_location_id": id_of(locations[0]["id"]) if locations else 0,
        "plan_name": "basic",
        "plan_display_name": "Basic",
        "created_at": clock(home["createdAt"]),
        "updated_at": clock(home["updatedAt"]),
        "source": None,
        **_switches(),
        "google_apps_domain": None,
        "google_apps_login_enabled": None,
        "password_enabled": False,
        "url": f"https://{name}.myshopify.com",
    }


def _shop_address(address: Document) -> Document:
    return {
        "address1": address["address1"],
        "address2": address["address2"],
        "city": address["city"],
        "zip": address["zip"],
        "province": address["province"] or "",
        "province_code": address["provinceCode"],
        "country": address["countryCodeV2"],
        "country_code": address["countryCodeV2"],
        "country_name": address["country"],
        "phone": address["phone"] or "",
        "latitude": None,
        "longitude": None,
    }


def _switches() -> Document:
    on = ("checkout_api_supported", "eligible_for_payments", "finances", "has_gift_cards", "has_storefront")
    off = (
        *("has_discounts", "marketing_sms_consent_enabled_at_checkout", "pre_launch_enabled"),
        *("requires_extra_payments_agreement", "setup_required", "transactional_sms_disabled"),
    )
    return {**dict.fromkeys(on, True), **dict.fromkeys(off, False), "multi_location_enabled": True}
