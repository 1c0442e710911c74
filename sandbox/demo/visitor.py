"""A person at the admin without a browser: follows links, fills in forms, opens the frame and works inside it.

What a page does by script, App Bridge's ID token in the header of a form, is done here by hand; everything else is
plain HTTP as a browser would send it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx2

from sandbox.demo.shopify import Control
from sandbox.leashed import CannotStart

SECONDS = 60.0


@dataclass
class HtmlForm:
    """A form of a page: where it goes and what it would send as it stands."""

    action: str
    values: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class Page(HTMLParser):
    """What a person can act on in a page: forms and the address in the frame."""

    def __init__(self, url: str, text: str) -> None:
        super().__init__()
        self.url, self.text = url, text
        self.forms: list[HtmlForm] = []
        self.frame = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(HtmlForm(urljoin(self.url, values.get("action", ""))))
        elif "data-frame" in values:
            self.frame = values.get("data-src", "")
        elif self.forms and values.get("name") and tag != "meta":
            self.forms[-1].names.add(values["name"])
            self.forms[-1].values[values["name"]] = values.get("value", "")


class Visitor:
    """One person of one shop."""

    def __init__(self, control: Control, shop: str) -> None:
        self._control, self._shop = control, shop
        self._http = httpx2.Client(timeout=SECONDS, follow_redirects=True, trust_env=False)

    def close(self) -> None:
        """Goes away."""
        self._http.close()

    def install(self) -> None:
        """The way of a merchant: partner link, grant page, and then the app opens and fetches its tokens."""
        grant = self._page(self._http.get(self._control.link(self._shop)))
        form = next((each for each in grant.forms if "scope" in each.names), None)
        if form is None:
            raise CannotStart(f"the grant page of {self._shop} has no form: {grant.text[:300]}")
        admin = self._page(self._http.post(form.action, data=form.values))
        if not admin.frame:
            raise CannotStart(f"the admin of {self._shop} does not show the app: {admin.text[:300]}")
        self._page(self._http.get(urljoin(admin.url, admin.frame)))

    def open(self, path: str) -> Page:
        """A screen of the app as the frame would load it."""
        return self._page(self._http.get(self._control.app_url(self._shop, path)))

    def submit(self, form: HtmlForm, values: Mapping[str, str]) -> Page:
        """Sends a form of the app with these fields filled in. Raises CannotStart for a field that it does not have."""
        if unknown := set(values) - form.names:
            raise CannotStart(f"the form {form.action} has no field {', '.join(sorted(unknown))}.")
        token = self._control.id_token(self._shop)
        answer = self._http.post(
            form.action, data={**form.values, **values}, headers={"Authorization": f"Bearer {token}"}
        )
        return self._page(answer)

    def _page(self, answer: httpx2.Response) -> Page:
        if answer.status_code >= 400:
            raise CannotStart(
                f"{answer.request.method} {answer.request.url.path} answered {answer.status_code}:"
                f" {' '.join(answer.text.split())[:400]}"
            )
        return Page(str(answer.url), answer.text)
