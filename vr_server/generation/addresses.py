"""Which addresses an engine may send us to: nothing of the machine's own or its network's, whatever the name says.

An engine's answer names the place of the clip. Were it followed blindly, an engine could have the server fetch from
its loopback, its network or a cloud's metadata service (server-side request forgery). The name is resolved here, every
address is judged, and the connection goes to the address that was judged, so that a name cannot change in between.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

from vr_server.domain.errors import EngineLied, EngineUnreachable

Resolver = Callable[[str, int], Awaitable[tuple[str, ...]]]
"""Host and port -> IP addresses. Raise OSError when the name is unknown."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Target:
    """A place that may be fetched. `pinned`: the address to connect to; None: the engine's own, as configured."""

    url: httpx.URL
    pinned: str | None


async def resolve(host: str, port: int) -> tuple[str, ...]:
    """By the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def origin(url: httpx.URL) -> tuple[str, str, int]:
    """Scheme, host and port, defaults filled in."""
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


def is_public(address: str) -> bool:
    """Whether anybody on the internet has this address; one inside another (mapped, NAT64, 6to4, Teredo) counts too."""
    ip: _Address = ipaddress.ip_address(address.partition("%")[0])
    return all(one.is_global and not one.is_multicast for one in (ip, *_inside(ip)))


def _inside(ip: _Address) -> tuple[_Address, ...]:
    if isinstance(ip, ipaddress.IPv4Address):
        return ()
    if ip.ipv4_mapped is not None:
        return (ip.ipv4_mapped,)
    if ip.sixtofour is not None:
        return (ip.sixtofour,)
    if ip.teredo is not None:
        return ip.teredo
    return (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF),) if ip in _NAT64 else ()


class AddressBook:
    """The engine's own origin and hosts a person allowed; everything else must be public."""

    def __init__(self, name: str, base: httpx.URL, allowed_hosts: tuple[str, ...], resolver: Resolver) -> None:
        self._name = name
        self._own = origin(base)
        self._allowed = frozenset(host.lower() for host in allowed_hosts)
        self._resolver = resolver

    def is_own(self, url: httpx.URL) -> bool:
        return origin(url) == self._own

    async def check(self, address: str, base: httpx.URL) -> Target:
        """`address` as given by the engine, relative to `base`. Raise EngineLied for one that must not be followed."""
        try:
            url = base.join(address)
        except (httpx.InvalidURL, ValueError):
            raise EngineLied(f"Engine {self._name} gave an address that is none.") from None
        if url.scheme not in {"http", "https"} or not url.host:
            raise EngineLied(
                f"Engine {self._name} gave an address of kind {url.scheme[:12]!r}; only http(s) is followed."
            )
        if url.userinfo:
            raise EngineLied(f"Engine {self._name} gave an address with a name and password in it.")
        if self.is_own(url):
            return Target(url, None)
        return Target(url, await self._judged(url))

    async def _judged(self, url: httpx.URL) -> str:
        _, host, port = origin(url)
        try:
            addresses = await self._resolver(host, port)
        except (OSError, UnicodeError):
            raise EngineUnreachable(f"The address that engine {self._name} gave ({host}) cannot be resolved.") from None
        if not addresses:
            raise EngineUnreachable(f"The address that engine {self._name} gave ({host}) cannot be resolved.")
        allowed = host.lower() in self._allowed or f"{host.lower()}:{port}" in self._allowed
        if not allowed and not all(is_public(ip) for ip in addresses):
            raise EngineLied(
                f"Engine {self._name} points to {host}, which is inside this machine's own network: not followed. "
                "If that is meant, add the host to the engine's result_hosts."
            )
        return addresses[0]
