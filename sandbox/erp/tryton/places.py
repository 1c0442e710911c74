"""Names of the countries, provinces and currencies that the seeded companies deal with: plain data.

A merchant's Tryton knows all of them; these are those that the local Shopify uses, and their neighbours.
"""

from __future__ import annotations

CURRENCIES = {
    "USD": ("US Dollar", "$"),
    "EUR": ("Euro", "€"),
    "CAD": ("Canadian Dollar", "CA$"),
    "JPY": ("Yen", "¥"),
    "CHF": ("Swiss Franc", "CHF"),
    "GBP": ("Pound Sterling", "£"),
}

COUNTRIES = {
    "AT": "Austria",
    "AU": "Australia",
    "BE": "Belgium",
    "CA": "Canada",
    "CH": "Switzerland",
    "CZ": "Czechia",
    "DE": "Germany",
    "DK": "Denmark",
    "ES": "Spain",
    "FI": "Finland",
    "FR": "France",
    "GB": "United Kingdom",
    "IE": "Ireland",
    "IT": "Italy",
    "JP": "Japan",
    "LU": "Luxembourg",
    "MX": "Mexico",
    "NL": "Netherlands",
    "NO": "Norway",
    "NZ": "New Zealand",
    "PL": "Poland",
    "PT": "Portugal",
    "SE": "Sweden",
    "US": "United States",
}

PROVINCES = {
    "US": (
        ("US-CA", "California", "state"),
        ("US-IL", "Illinois", "state"),
        ("US-ME", "Maine", "state"),
        ("US-NJ", "New Jersey", "state"),
        ("US-NY", "New York", "state"),
        ("US-TX", "Texas", "state"),
        ("US-WA", "Washington", "state"),
    ),
    "CA": (
        ("CA-BC", "British Columbia", "province"),
        ("CA-ON", "Ontario", "province"),
        ("CA-QC", "Quebec", "province"),
    ),
    "CH": (("CH-BE", "Bern", "canton"), ("CH-ZH", "Zürich", "canton")),
    "JP": (("JP-13", "Tokyo", "prefecture"), ("JP-27", "Osaka", "prefecture")),
}
