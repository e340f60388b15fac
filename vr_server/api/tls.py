"""A certificate made on the spot, since WebXR needs a secure context on a headset in the same network."""

import ipaddress
import logging
import socket
import struct
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vr_server.domain.errors import StorageFailed

log = logging.getLogger(__name__)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_LIFE = timedelta(days=365)  # browsers refuse much longer ones
_RENEW_BEFORE = timedelta(days=14)
_SIOCGIFADDR = 0x8915


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """PEM files for the server; `fingerprint`: SHA-256 of the certificate, as a browser shows it."""

    certificate: Path
    key: Path
    fingerprint: str


def local_addresses() -> tuple[Address, ...]:
    """This machine's addresses that others may use, and loopback; sorted, without IPv6 link-local ones."""
    found: set[Address] = {ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")}
    found |= _interface_addresses()
    for family, probe in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        if (address := _outgoing(family, probe)) is not None:
            found.add(address)
    with suppress(OSError):
        for info in socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM):
            found.add(ipaddress.ip_address(str(info[4][0]).partition("%")[0]))
    return tuple(sorted((a for a in found if not a.is_link_local), key=lambda a: (a.version, int(a))))


def lan_address() -> str:
    """The IPv4 address that others in the network most likely reach this machine by."""
    outgoing = _outgoing(socket.AF_INET, "192.0.2.1")
    if outgoing is not None and not outgoing.is_loopback:
        return str(outgoing)
    others = [a for a in local_addresses() if a.version == 4 and not a.is_loopback]
    return str(others[0]) if others else "127.0.0.1"


def _outgoing(family: socket.AddressFamily, probe: str) -> Address | None:
    with suppress(OSError), closing(socket.socket(family, socket.SOCK_DGRAM)) as probing:
        probing.connect((probe, 9))  # a datagram socket: nothing is sent, only a route is chosen
        return ipaddress.ip_address(str(probing.getsockname()[0]).partition("%")[0])
    return None


def _interface_addresses() -> set[Address]:
    """What Linux says of its interfaces; empty elsewhere."""
    found: set[Address] = set()
    with suppress(OSError, ImportError):
        import fcntl

        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as asking:
            for _, name in socket.if_nameindex():
                with suppress(OSError):
                    answer = fcntl.ioctl(asking.fileno(), _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
                    found.add(ipaddress.IPv4Address(answer[20:24]))
    with suppress(OSError, ValueError):
        for line in Path("/proc/net/if_inet6").read_text("ascii").splitlines():
            found.add(ipaddress.IPv6Address(bytes.fromhex(line.split()[0])))
    return found


def ensure_certificate(folder: Path, *, now: datetime | None = None) -> CertificateFiles:
    """The certificate kept in `folder`, made anew when it is missing, ends soon or lacks one of our addresses.

    Raise StorageFailed when it cannot be kept.
    """
    now = now or datetime.now(UTC)
    names = {"localhost", socket.gethostname().lower()}
    addresses = set(local_addresses())
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    try:
        kept = _read(certificate, key)
        if kept is None or not _still_good(kept, names, addresses, now):
            kept = _make(certificate, key, names, addresses, now)
            log.info("made a certificate for %s", ", ".join(sorted([*names, *map(str, addresses)])))
    except OSError as error:
        raise StorageFailed(f"The certificate cannot be kept in {folder}: {error.strerror or error}.") from error
    return CertificateFiles(certificate, key, kept.fingerprint(hashes.SHA256()).hex(":").upper())


def _read(certificate: Path, key: Path) -> x509.Certificate | None:
    """The kept certificate, if it can be read and the key is its own."""
    try:
        kept = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = serialization.load_pem_private_key(key.read_bytes(), None)
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return kept if private.public_key() == kept.public_key() else None


def _still_good(kept: x509.Certificate, names: set[str], addresses: set[Address], now: datetime) -> bool:
    if not kept.not_valid_before_utc <= now < kept.not_valid_after_utc - _RENEW_BEFORE:
        return False
    try:
        san = kept.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    return names <= set(san.get_values_for_type(x509.DNSName)) and addresses <= set(
        san.get_values_for_type(x509.IPAddress)
    )


def _make(certificate: Path, key: Path, names: set[str], addresses: set[Address], now: datetime) -> x509.Certificate:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vr-previs on this network")])
    general: list[x509.GeneralName] = [x509.DNSName(n) for n in sorted(names)]
    general += [x509.IPAddress(a) for a in sorted(addresses, key=lambda a: (a.version, int(a)))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectAlternativeName(general), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key.parent.mkdir(parents=True, exist_ok=True)
    key.unlink(missing_ok=True)
    key.touch(mode=0o600)
    key.write_bytes(pem)
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return made
