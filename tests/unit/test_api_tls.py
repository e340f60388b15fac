"""The certificate made on the spot."""

import ipaddress
import socket
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from vr_server.api import tls
from vr_server.domain.errors import StorageFailed


def names_of(path: Path) -> tuple[set[str], set[object]]:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    san = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(san.get_values_for_type(x509.DNSName)), set(san.get_values_for_type(x509.IPAddress))


def test_it_covers_every_name_of_this_machine_and_its_key_is_private(tmp_path: Path) -> None:
    made = tls.ensure_certificate(tmp_path / "tls")
    names, addresses = names_of(made.certificate)
    assert {"localhost", socket.gethostname().lower()} <= names
    assert {ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1"), *tls.local_addresses()} <= addresses
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(made.certificate, made.key)


def test_it_is_kept_until_it_ends(tmp_path: Path) -> None:
    first = tls.ensure_certificate(tmp_path)
    assert tls.ensure_certificate(tmp_path).fingerprint == first.fingerprint
    later = datetime.now(UTC) + timedelta(days=360)
    assert tls.ensure_certificate(tmp_path, now=later).fingerprint != first.fingerprint


def test_another_address_or_a_damaged_file_means_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = tls.ensure_certificate(tmp_path)
    moved = (*tls.local_addresses(), ipaddress.ip_address("198.51.100.7"))
    monkeypatch.setattr(tls, "local_addresses", lambda: moved)
    second = tls.ensure_certificate(tmp_path)
    assert second.fingerprint != first.fingerprint
    assert ipaddress.ip_address("198.51.100.7") in names_of(second.certificate)[1]
    second.key.write_text("torn")
    assert tls.ensure_certificate(tmp_path).fingerprint != second.fingerprint


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "tls").write_text("")
    with pytest.raises(StorageFailed, match="certificate"):
        tls.ensure_certificate(tmp_path / "tls")
