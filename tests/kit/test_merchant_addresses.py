"""Addresses that a merchant types: nothing private, nothing by a detour, and the checked address is the one used."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.addresses import Allowed, checked_address, is_public
from kit.faults import Misconfigured, OutcomeUnknown, Transient
from kit.http import Door

NOBODY = Allowed.parse([])
PRIVATE = (
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "::127.0.0.1",
    "::a9fe:a9fe",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
)


def url(address: str, scheme: str = "https") -> str:
    return f"{scheme}://[{address}]/" if ":" in address else f"{scheme}://{address}/"


@pytest.mark.parametrize("address", PRIVATE)
def test_no_private_address_is_reached(address: str) -> None:
    for scheme in ("https", "http"):
        with pytest.raises(Misconfigured) as caught:
            checked_address(url(address, scheme), NOBODY)
        assert caught.value.code == "address_refused"


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_a_public_address_is_reached_by_https_only(address: str) -> None:
    assert checked_address(url(address), NOBODY)
    with pytest.raises(Misconfigured):
        checked_address(url(address, "http"), NOBODY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://",
        "https:///path",
        "//1.1.1.1/",
        "ftp://1.1.1.1/",
        "file:///etc/passwd",
        "gopher://1.1.1.1/",
        "javascript:alert(1)",
        "https://user@1.1.1.1/",
        "https://user:word@1.1.1.1/",
        "https://1.1.1.1@127.0.0.1/",
        "https://[::1",
        "https://1.1.1.1:99999/",
        "https://1.1.1.1:x/",
        "https://localhost/",
        "https://LOCALHOST/",
    ],
)
def test_what_is_no_plain_public_address_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured):
        checked_address(text, NOBODY)


@given(st.ip_addresses())
def test_only_global_unicast_addresses_are_public(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if is_public(address):
        inside = {
            "private": address.is_private,
            "loopback": address.is_loopback,
            "link local": address.is_link_local,
            "multicast": address.is_multicast,
            "reserved": address.is_reserved and not _is_translated(address),
            "unspecified": address.is_unspecified,
        }
        assert not [name for name, holds in inside.items() if holds]


def _is_translated(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return (
        address in ipaddress.ip_network("64:ff9b::/96") or getattr(address, "ipv4_mapped", None) is not None
    )


@given(st.ip_addresses(v=4))
def test_an_address_wrapped_in_ipv6_is_judged_by_what_it_wraps(address: ipaddress.IPv4Address) -> None:
    mapped = ipaddress.IPv6Address(f"::ffff:{address}")
    translated = ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) | int(address))
    assert is_public(mapped) == is_public(translated) == is_public(address)


def test_the_operator_opens_exactly_what_he_names() -> None:
    allowed = Allowed.parse(["10.1.0.0/16", "localhost"])
    assert checked_address("http://10.1.2.3:8000/", allowed) == "10.1.2.3"
    assert checked_address("http://localhost:8000/", allowed) in ("127.0.0.1", "::1")
    for text in ("https://10.2.0.1/", "https://127.0.0.1/"):
        with pytest.raises(Misconfigured):
            checked_address(text, allowed)


@dataclass
class Server:
    """A server on loopback that redirects to the cloud's metadata address and notes who asked."""

    port: int
    hosts: list[str] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(0)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.hosts.append(str(self.headers["Host"]))
            if self.path == "/endless":
                self.send_response(200)
                self.end_headers()
                with suppress(ConnectionError):
                    while True:
                        self.wfile.write(b"x" * 65_536)
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = http.server_port
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield made
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A name server that says 127.0.0.1 for erp.example at the first question and somewhere else from then on."""
    real, names = socket.getaddrinfo, []

    def resolve(host: Any, port: Any, *more: Any, **options: Any) -> Any:
        if host != "erp.example":
            return real(host, port, *more, **options)
        names.append(host)
        address = "127.0.0.1" if len(names) == 1 else "169.254.169.254"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return names


def test_the_connection_goes_to_the_address_that_was_checked(server: Server, asked: list[str]) -> None:
    door = Door(allowed_private=["erp.example"])
    answer = door.call("GET", f"http://erp.example:{server.port}/", repeatable=True, guarded=True)
    door.close()
    assert answer.status_code == 302
    assert asked == ["erp.example"]
    assert server.hosts == [f"erp.example:{server.port}"]


def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(
    server: Server, asked: list[str]
) -> None:
    door = Door()
    with pytest.raises(Misconfigured):
        door.call("GET", f"http://erp.example:{server.port}/", repeatable=True, guarded=True)
    assert server.hosts == []


def test_an_answer_without_end_is_given_up(server: Server) -> None:
    door = Door(allowed_private=["127.0.0.1"], guarded_limit_bytes=1_000_000)
    url = f"http://127.0.0.1:{server.port}/endless"
    with pytest.raises(Transient):
        door.call("GET", url, repeatable=True, guarded=True)
    with pytest.raises(OutcomeUnknown):
        door.call("GET", url, repeatable=False, guarded=True)
    door.close()


@pytest.mark.parametrize(
    "text", ["https://erp.example/\x00", "https://erp.example/a\tb", "https://erp .example/"]
)
def test_characters_that_no_address_has_are_refused(text: str) -> None:
    with pytest.raises(Misconfigured):
        checked_address(text, NOBODY)


def test_a_name_in_letters_of_the_world_is_asked_for_as_it_travels(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int, *_more: Any, **_options: Any) -> Any:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    door = Door(allowed_private=["127.0.0.1"])
    answer = door.call("GET", f"http://bücher.example:{server.port}/ps", repeatable=True, guarded=True)
    door.close()
    assert answer.status_code == 302
    assert asked[0] == "xn--bcher-kva.example"
    assert server.hosts == [f"xn--bcher-kva.example:{server.port}"]


def test_a_redirect_is_an_answer_and_is_never_followed(server: Server) -> None:
    door = Door(allowed_private=["127.0.0.1"])
    answer = door.call("GET", f"http://127.0.0.1:{server.port}/", repeatable=True, guarded=True)
    door.close()
    assert answer.status_code == 302
    assert len(server.hosts) == 1
