"""Countries, provinces and postal addresses as documents.

It owns the names behind the codes that the local Shopify knows, and the one shape of an address that customers,
orders, shops and locations share.
"""

from __future__ import annotations

from typing import Any

from sandbox.shopify.store import Document

COUNTRIES = {
    "AT": "Austria",
    "BE": "Belgium",
    "CA": "Canada",
    "CH": "Switzerland",
    "DE": "Germany",
    "DK": "Denmark",
    "ES": "Spain",
    "FR": "France",
    "GB": "United Kingdom",
    "IE": "Ireland",
    "IT": "Italy",
    "JP": "Japan",
    "NL": "Netherlands",
    "NO": "Norway",
    "PL": "Poland",
    "SE": "Sweden",
    "US": "United States",
}
PROVINCES = {
    "US": {
        "CA": "California",
        "IL": "Illinois",
        "MA": "Massachusetts",
        "ME": "Maine",
        "NY": "New York",
        "TX": "Texas",
        "WA": "Washington",
    },
    "CA": {"BC": "British Columbia", "ON": "Ontario", "QC": "Quebec"},
    "CH": {"BE": "Bern", "GE": "Geneva", "ZH": "Zurich"},
    "JP": {"JP-13": "Tokyo", "JP-27": "Osaka"},
}


def address(given: dict[str, Any], *, global_id: str) -> Document:
    """A MailingAddress from its plain fields (snake or camel case)."""

    def value(camel: str, snake: str) -> Any:
        return given.get(camel) or given.get(snake) or None

    country = value("countryCode", "country_code")
    province = value("provinceCode", "province_code")
    first, last = value("firstName", "first_name"), value("lastName", "last_name")
    city, zip_code = value("city", "city"), value("zip", "zip")
    country_name = COUNTRIES.get(country or "", value("country", "country"))
    formatted = [
        value("address1", "address1"),
        value("address2", "address2"),
        f"{city or ''} {zip_code or ''}".strip(),
    ]
    return {
        "id": global_id,
        "firstName": first,
        "lastName": last,
        "name": " ".join(part for part in (first, last) if part) or None,
        "company": value("company", "company"),
        "address1": value("address1", "address1"),
        "address2": value("address2", "address2"),
        "city": city,
        "province": PROVINCES.get(country or "", {}).get(province or "", value("province", "province")),
        "provinceCode": province,
        "country": country_name,
        "countryCode": country,
        "countryCodeV2": country,
        "zip": zip_code,
        "phone": value("phone", "phone"),
        "latitude": given.get("latitude"),
        "longitude": given.get("longitude"),
        "coordinatesValidated": False,
        "formatted": [part for part in (*formatted, country_name) if part],
        "formattedArea": ", ".join(part for part in (city, country_name) if part),
        "timeZone": None,
        "validationResultSummary": None,
    }
