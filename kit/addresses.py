"""Says which network addresses a merchant-typed URL may reach: public ones, and private ones the operator allows.

The name is resolved here and the checked address is the one to connect to, so a second answer of the name server
(DNS rebinding) cannot lead anywhere else.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from kit.faults import Misconfigured, Transient

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Allowed:
    """Private hosts and networks that the operator opened (CONCORD_ERP_PRIVATE_HOSTS)."""

    hosts: frozenset[str]
    networks: tuple[Network, ...]

    @classmethod
    def parse(cls, names: Sequence[str]) -> Allowed:
        """Reads host names, addresses and networks in CIDR form."""
        hosts: set[str] = set()
        networks: list[Network] = []
        for name in names:
            try:
                networks.append(ipaddress.ip_network(name, strict=False))
            except ValueError:
                hosts.add(name.lower())
        return cls(frozenset(hosts), tuple(networks))

    def admits(self, host: str, address: Address) -> bool:
        """Whether a private address is fine for this host."""
        return host in self.hosts or any(address in network for network in self.networks)


def is_public(address: Address) -> bool:
    """Whether an address is on the public internet (not private, loopback, link-local, metadata, mapped...)."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None:
            return is_public(inner)
        if address in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    # ::127.0.0.1 and its like count as global to Python, but they are reserved and may lead inside.
    return address.is_global and not address.is_multicast and not address.is_reserved


def checked_address(url: str, allowed: Allowed) -> str:
    """The address to connect to for a merchant-typed URL. Raises Misconfigured when it must not be reached."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise _refused("is not a valid address") from error
    if not host or parts.username or parts.password:
        raise _refused("must name a host and carry no user name or password")
    if not url.isprintable() or " " in url:
        raise _refused("holds characters that no address has")
    host = ascii_host(host)
    addresses = _resolve(host, port or (443 if parts.scheme == "https" else 80))
    private = [address for address in addresses if not is_public(address)]
    if any(not allowed.admits(host, address) for address in private):
        raise _refused(
            "leads into a private network; the operator can allow it with CONCORD_ERP_PRIVATE_HOSTS"
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and private):
        raise _refused("must begin with https://")
    return str(addresses[0])


def ascii_host(host: str) -> str:
    """A host's name as it travels: `bücher.example` is `xn--bcher-kva.example`. Raises Misconfigured."""
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError as error:
        raise _refused("must name a host") from error


def _resolve(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise Transient(
            "name_unknown", f"The name {host} could not be resolved.", detail=str(error)
        ) from error
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def _refused(why: str) -> Misconfigured:
    return Misconfigured("address_refused", f"The ERP address {why}.", misses="connection:address")
