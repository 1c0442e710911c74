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
        "AL": "Alabama",
        "AK": "Alaska",
        "AZ": "Arizona",
        "AR": "Arkansas",
        "CA": "California",
        "CO": "Colorado",
        "CT": "Connecticut",
        "DE": "Delaware",
        "DC": "District of Columbia",
        "FL": "Florida",
        "GA": "Georgia",
        "HI": "Hawaii",
        "ID": "Idaho",
        "IL": "Illinois",
        "IN": "Indiana",
        "IA": "Iowa",
        "KS": "Kansas",
        "KY": "Kentucky",
        "LA": "Louisiana",
        "ME": "Maine",
        "MD": "Maryland",
        "MA": "Massachusetts",
        "MI": "Michigan",
        "MN": "Minnesota",
        "MS": "Mississippi",
        "MO": "Missouri",
        "MT": "Montana",
        "NE": "Nebraska",
        "NV": "Nevada",
        "NH": "New Hampshire",
        "NJ": "New Jersey",
        "NM": "New Mexico",
        "NY": "New York",
        "NC": "North Carolina",
        "ND": "North Dakota",
        "OH": "Ohio",
        "OK": "Oklahoma",
        "OR": "Oregon",
        "PA": "Pennsylvania",
        "RI": "Rhode Island",
        "SC": "South Carolina",
        "SD": "South Dakota",
        "TN": "Tennessee",
        "TX": "Texas",
        "UT": "Utah",
        "VT": "Vermont",
        "VA": "Virginia",
        "WA": "Washington",
        "WV": "West Virginia",
        "WI": "Wisconsin",
        "WY": "Wyoming",
    },
    "CA": {
        "AB": "Alberta",
        "BC": "British Columbia",
        "MB": "Manitoba",
        "NB": "New Brunswick",
        "NL": "Newfoundland and Labrador",
        "NS": "Nova Scotia",
        "NT": "Northwest Territories",
        "NU": "Nunavut",
        "ON": "Ontario",
        "PE": "Prince Edward Island",
        "QC": "Quebec",
        "SK": "Saskatchewan",
        "YT": "Yukon",
    },
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
