"""The people who work in a shop's admin. Their ids are what an ID token carries as `sub`.

Shop Alpha has its owner Ada and her staff member Bo; shop Beta belongs to Cy. Any other shop gets an owner of its
own. Nothing here decides what a person may do.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sandbox.shopify.store import Store

_PEOPLE: dict[str, tuple[tuple[str, str, bool], ...]] = {
    "alpha": (("Ada", "Arnold", True), ("Bo", "Berg", False)),
    "beta": (("Cy", "Cole", True), ("Di", "Dorn", False)),
}
_STRANGERS = (("Eve", "Eklund", True), ("Finn", "Falk", False))


@dataclass(frozen=True)
class Staff:
    """One person in one shop."""

    id: int
    first_name: str
    last_name: str
    email: str
    account_owner: bool
    locale: str = "en"

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


def of_shop(store: Store, shop: str) -> list[Staff]:
    """The people of a shop, the owner first; made at the first question and kept from then on."""
    with store.lock:
        if not store.all(shop, "staff"):
            name = shop.split(".", 1)[0]
            for first, last, owner in _PEOPLE.get(name, _STRANGERS):
                number = store.next_id()
                email = f"{first.lower()}@{name}.example"
                person = Staff(id=number, first_name=first, last_name=last, email=email, account_owner=owner)
                store.put(shop, "staff", number, asdict(person))
        return [Staff(**document) for document in store.all(shop, "staff")]


def find(store: Store, shop: str, *, wanted: str | int | None) -> Staff:
    """The person with this id or first name (any letter case); the owner when nobody is named or known."""
    people = of_shop(store, shop)
    for person in people:
        if str(wanted) == str(person.id) or str(wanted).lower() == person.first_name.lower():
            return person
    return people[0]
