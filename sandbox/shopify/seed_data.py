"""What the two seeded shops sell, where they keep it, and who buys there: plain data, the same on every machine.

It owns titles, SKUs, prices, barcodes, stock and people. `seed` turns it into documents; `catalogue` gives the
products to whoever prepares an ERP with the same goods.
"""

from __future__ import annotations

from dataclasses import dataclass

ALPHA = "alpha.myshopify.com"
BETA = "beta.myshopify.com"


@dataclass(frozen=True)
class Variant:
    """One sellable thing: its option value, SKU, price in the shop's currency, cost, weight and stock."""

    option: str
    sku: str
    price: str
    cost: str
    grams: int = 0
    stock: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Product:
    """One product with its variants. `kind` is goods, digital or gift_card; `tax` names a class of the shop."""

    title: str
    type: str
    variants: tuple[Variant, ...]
    kind: str = "goods"
    tax: str = "standard"
    option: str = "Title"


@dataclass(frozen=True)
class Address:
    """A postal address."""

    first_name: str
    last_name: str
    address1: str
    city: str
    zip: str
    country_code: str
    province_code: str = ""
    company: str = ""
    phone: str = ""
    address2: str = ""


@dataclass(frozen=True)
class Person:
    """A customer with a default address and perhaps a second one."""

    email: str
    addresses: tuple[Address, ...]
    tags: tuple[str, ...] = ()
    tax_exempt: bool = False


@dataclass(frozen=True)
class ShopSeed:
    """Everything that makes one shop."""

    domain: str
    name: str
    currency: str
    taxes_included: bool
    tax_shipping: bool
    timezone: str
    address: Address
    locations: tuple[tuple[str, Address], ...]
    # Tax lines by class: title and rate.
    taxes: dict[str, tuple[tuple[str, str], ...]]
    # What one unit of the shop's currency is worth in the other currencies buyers may pay in.
    rates: dict[str, str]
    products: tuple[Product, ...]
    people: tuple[Person, ...]


def one(sku: str, price: str, cost: str, grams: int, *stock: int) -> tuple[Variant, ...]:
    """The variants of a product without options."""
    return (Variant("Default Title", sku, price, cost, grams, (stock[0], stock[1])),)


def barcode(sku: str) -> str:
    """A valid EAN-13 in the range for use inside one company, the same for the same SKU."""
    number = 0
    for letter in sku:
        number = (number * 31 + ord(letter)) % 10**10
    digits = f"29{number:010d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


_ALPHA_PRODUCTS = (
    Product("Ridge Tent", "Tents", one("ALP-TENT-2P", "249.00", "121.40", 2400, 14, 6)),
    Product(
        "Basecamp Sleeping Bag",
        "Sleeping",
        (
            Variant("Regular", "ALP-BAG-R", "129.95", "58.10", 1250, (22, 9)),
            Variant("Long", "ALP-BAG-L", "139.95", "61.75", 1380, (11, 4)),
        ),
        option="Length",
    ),
    Product(
        "Merino Shirt",
        "Clothing",
        (
            Variant("S", "ALP-SHIRT-S", "64.50", "23.80", 180, (30, 12)),
            Variant("M", "ALP-SHIRT-M", "64.50", "23.80", 190, (44, 18)),
            Variant("L", "ALP-SHIRT-L", "64.50", "23.80", 205, (27, 10)),
        ),
        option="Size",
    ),
    Product("Titanium Mug", "Kitchen", one("ALP-MUG", "33.33", "12.05", 98, 120, 40)),
    Product("Gas Stove", "Kitchen", one("ALP-STOVE", "54.90", "21.30", 310, 35, 15)),
    Product("Head Torch", "Light", one("ALP-TORCH", "39.99", "14.40", 86, 60, 25)),
    Product("Trekking Poles", "Walking", one("ALP-POLES", "89.00", "37.20", 520, 18, 8)),
    Product(
        "Dry Sack",
        "Packing",
        (
            Variant("8 l", "ALP-SACK-8", "18.75", "6.10", 74, (80, 30)),
            Variant("20 l", "ALP-SACK-20", "26.25", "8.90", 118, (55, 20)),
        ),
        option="Volume",
    ),
    Product("Energy Bars, box of 12", "Food", one("ALP-BARS", "23.88", "11.90", 720, 200, 90), tax="reduced"),
    Product("Spork", "Kitchen", one("ALP-SPORK", "0.99", "0.21", 12, 900, 400)),
    Product(
        "Trail Map (download)",
        "Digital",
        (Variant("Default Title", "ALP-MAP-DL", "7.49", "0.00"),),
        kind="digital",
    ),
    Product(
        "Alpha Gift Card",
        "Gift Cards",
        (
            Variant("$25.00", "ALP-GIFT-25", "25.00", "0.00"),
            Variant("$100.00", "ALP-GIFT-100", "100.00", "0.00"),
        ),
        kind="gift_card",
        tax="none",
        option="Denominations",
    ),
)

_BETA_PRODUCTS = (
    Product("Espressokanne", "Küche", one("BET-KANNE", "44.90", "18.60", 640, 40, 16)),
    Product(
        "Leinenschürze",
        "Textil",
        (
            Variant("Natur", "BET-SCHUERZE-N", "39.00", "15.20", 310, (25, 10)),
            Variant("Indigo", "BET-SCHUERZE-I", "42.00", "16.40", 310, (19, 7)),
        ),
        option="Farbe",
    ),
    Product("Kochbuch „Ofenwarm“", "Bücher", one("BET-BUCH", "29.95", "14.70", 980, 70, 30), tax="reduced"),
    Product(
        "Bergkäse",
        "Lebensmittel",
        (
            Variant("250 g", "BET-KAESE-250", "7.45", "3.90", 265, (90, 0)),
            Variant("1 kg", "BET-KAESE-1000", "26.80", "14.20", 1040, (30, 0)),
        ),
        tax="reduced",
        option="Gewicht",
    ),
    Product(
        "Kaffee „Hafen“, 500 g",
        "Lebensmittel",
        one("BET-KAFFEE", "13.90", "6.80", 515, 160, 80),
        tax="reduced",
    ),
    Product("Gusspfanne", "Küche", one("BET-PFANNE", "79.99", "33.10", 2650, 22, 9)),
    Product("Brotmesser", "Küche", one("BET-MESSER", "54.50", "22.80", 190, 33, 14)),
    Product("Holzbrett", "Küche", one("BET-BRETT", "34.95", "11.75", 1150, 48, 20)),
    Product("Teelicht", "Deko", one("BET-LICHT", "0.79", "0.18", 16, 1500, 700)),
    Product(
        "Kochschürzen-Set",
        "Textil",
        (
            Variant("2 Stück", "BET-SET-2", "74.00", "29.10", 620, (12, 5)),
            Variant("4 Stück", "BET-SET-4", "139.00", "56.30", 1240, (6, 3)),
        ),
        option="Anzahl",
    ),
    Product(
        "Online-Kochkurs",
        "Digital",
        (Variant("Default Title", "BET-KURS", "59.00", "0.00"),),
        kind="digital",
    ),
    Product(
        "Geschenkgutschein",
        "Gift Cards",
        (
            Variant("25 €", "BET-GUTSCHEIN-25", "25.00", "0.00"),
            Variant("50 €", "BET-GUTSCHEIN-50", "50.00", "0.00"),
        ),
        kind="gift_card",
        tax="none",
        option="Betrag",
    ),
)

_ALPHA_PEOPLE = (
    Person(
        "nora.fields@example.com",
        (
            Address("Nora", "Fields", "12 Orchard Lane", "Albany", "12207", "US", "NY", phone="+15185550101"),
            Address(
                "Nora", "Fields", "88 Harbor Road", "Portland", "04101", "US", "ME", company="Fields & Co"
            ),
        ),
        tags=("newsletter", "vip"),
    ),
    Person(
        "omar.quinn@example.com",
        (
            Address(
                "Omar", "Quinn", "401 Mission St", "San Francisco", "94105", "US", "CA", phone="+14155550102"
            ),
        ),
    ),
    Person(
        "priya.shah@example.com",
        (Address("Priya", "Shah", "9 Elm Court", "Austin", "78701", "US", "TX", phone="+15125550103"),),
    ),
    Person(
        "liam.obrien@example.com",
        (Address("Liam", "O'Brien", "77 King St W", "Toronto", "M5K 1A1", "CA", "ON", phone="+14165550104"),),
    ),
    Person(
        "grace.hall@example.com",
        (Address("Grace", "Hall", "5 Lake View", "Chicago", "60601", "US", "IL", phone="+13125550105"),),
        tags=("nonprofit",),
        tax_exempt=True,
    ),
    Person(
        "yuki.tanaka@example.com",
        (
            Address(
                "Yuki",
                "Tanaka",
                "2-1 Marunouchi",
                "Chiyoda-ku",
                "100-0005",
                "JP",
                "JP-13",
                phone="+81355501106",
            ),
        ),
    ),
)

_BETA_PEOPLE = (
    Person(
        "anna.becker@example.de",
        (
            Address("Anna", "Becker", "Lindenstraße 4", "Hamburg", "20095", "DE", phone="+49405550101"),
            Address("Anna", "Becker", "Büroweg 9", "Lübeck", "23552", "DE", company="Becker Büro GmbH"),
        ),
        tags=("stammkunde",),
    ),
    Person(
        "jonas.wolf@example.de",
        (Address("Jonas", "Wolf", "Am Markt 1", "Leipzig", "04109", "DE", phone="+493415550102"),),
    ),
    Person(
        "mia.huber@example.at",
        (Address("Mia", "Huber", "Ringgasse 20", "Wien", "1010", "AT", phone="+4315550103"),),
    ),
    Person(
        "luc.martin@example.fr",
        (Address("Luc", "Martin", "3 rue des Lilas", "Lyon", "69002", "FR", phone="+33455501104"),),
    ),
    Person(
        "sara.frei@example.ch",
        (Address("Sara", "Frei", "Seestrasse 12", "Zürich", "8002", "CH", "ZH", phone="+41445550105"),),
    ),
    Person(
        "ken.mori@example.jp",
        (Address("Ken", "Mori", "1-5 Umeda", "Osaka", "530-0001", "JP", "JP-27", phone="+81655501106"),),
    ),
)

SHOPS = (
    ShopSeed(
        domain=ALPHA,
        name="Alpha Outdoor",
        currency="USD",
        taxes_included=False,
        tax_shipping=True,
        timezone="America/New_York",
        address=Address(
            "Ada", "Stone", "1 Market Street", "New York", "10004", "US", "NY", phone="+12125550100"
        ),
        locations=(
            ("Brooklyn Warehouse", Address("", "", "220 Dock Street", "Brooklyn", "11201", "US", "NY")),
            ("Albany Shop", Address("", "", "14 State Street", "Albany", "12207", "US", "NY")),
        ),
        taxes={
            "standard": (("New York State Tax", "0.04"), ("New York City Tax", "0.04875")),
            "reduced": (("New York State Tax", "0.04"),),
            "none": (),
        },
        rates={"CAD": "1.3725", "EUR": "0.9187", "JPY": "154.37"},
        products=_ALPHA_PRODUCTS,
        people=_ALPHA_PEOPLE,
    ),
    ShopSeed(
        domain=BETA,
        name="Beta Küche",
        currency="EUR",
        taxes_included=True,
        tax_shipping=True,
        timezone="Europe/Berlin",
        address=Address("Cy", "Lang", "Speicherstraße 8", "Hamburg", "20457", "DE", phone="+49405550100"),
        locations=(
            ("Lager Hamburg", Address("", "", "Kaiweg 3", "Hamburg", "20457", "DE")),
            ("Laden Berlin", Address("", "", "Torstraße 50", "Berlin", "10119", "DE")),
        ),
        taxes={"standard": (("MwSt", "0.19"),), "reduced": (("MwSt", "0.07"),), "none": ()},
        rates={"USD": "1.0884", "JPY": "168.05", "CHF": "0.9352", "GBP": "0.8361"},
        products=_BETA_PRODUCTS,
        people=_BETA_PEOPLE,
    ),
)


def of(shop: str) -> ShopSeed:
    """The seed of a shop by its domain."""
    return next(seed for seed in SHOPS if seed.domain == shop)


def catalogue(shop: str) -> list[tuple[str, str, str, str]]:
    """SKU, title, price and barcode of everything the shop sells."""
    return [
        (variant.sku, _full_title(product, variant), variant.price, barcode(variant.sku))
        for product in of(shop).products
        for variant in product.variants
    ]


def _full_title(product: Product, variant: Variant) -> str:
    return product.title if variant.option == "Default Title" else f"{product.title} - {variant.option}"
