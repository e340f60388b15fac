"""Whose signature stands under exported clips: a production's own certificate, or one made here for trying out.

C2PA wants an end-entity certificate with an issuer, a purpose (extended key usage) and key identifiers; one that signs
itself is refused. So the development identity is two certificates: a root that nobody trusts, and a leaf under it.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vr_server.domain.errors import InvalidInput, StorageFailed

_log = logging.getLogger(__name__)
_LIFE = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class SigningIdentity:
    """`chain`: PEM, leaf first. `algorithm`: as C2PA names it. `trusted_by_nobody`: made here, for trying out."""

    chain: bytes
    key: bytes
    algorithm: str
    fingerprint: str
    trusted_by_nobody: bool

    def __repr__(self) -> str:  # the key must not reach a log
        return f"SigningIdentity({self.fingerprint[:16]}, {self.algorithm})"


def own_identity(certificate: Path, key: Path) -> SigningIdentity:
    """A production's own. Raise InvalidInput when a file cannot be read, or the key is not the certificate's."""
    return _read(certificate, key, trusted_by_nobody=False)


def development_identity(folder: Path) -> SigningIdentity:
    """The one kept in `folder`, made on first use. Raise StorageFailed when it cannot be kept there."""
    certificate, key = folder / "development-chain.pem", folder / "development-key.pem"
    try:
        if not (certificate.exists() and key.exists()):
            folder.mkdir(parents=True, exist_ok=True)
            chain, private = _make(datetime.now(UTC))
            key.unlink(missing_ok=True)
            key.touch(mode=0o600)
            key.write_bytes(private)
            certificate.write_bytes(chain)
            _log.warning(
                "made a development certificate for content credentials: readers will say that nobody vouches for it"
            )
    except OSError as error:
        raise StorageFailed(f"The certificate cannot be kept in {folder}: {error.strerror or error}.") from error
    return _read(certificate, key, trusted_by_nobody=True)


def _read(certificate: Path, key: Path, *, trusted_by_nobody: bool) -> SigningIdentity:
    try:
        chain, pem = certificate.read_bytes(), key.read_bytes()
        leaf = x509.load_pem_x509_certificates(chain)[0]
        private = serialization.load_pem_private_key(pem, None)
    except OSError as error:
        raise InvalidInput(f"{error.filename} cannot be read: {error.strerror or error}.") from error
    except (ValueError, TypeError) as error:
        raise InvalidInput(
            f"{certificate} and {key} must be PEM: a chain, leaf first, and its key without a password."
        ) from error
    if private.public_key() != leaf.public_key():
        raise InvalidInput(f"The key in {key} is not that of the first certificate in {certificate}.")
    pkcs8 = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    fingerprint = leaf.fingerprint(hashes.SHA256()).hex()
    return SigningIdentity(chain, pkcs8, _algorithm(private, key), fingerprint, trusted_by_nobody)


def _algorithm(private: PrivateKeyTypes, path: Path) -> str:
    match private:
        case ec.EllipticCurvePrivateKey():
            found = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}.get(private.curve.name)
        case ed25519.Ed25519PrivateKey():
            found = "ed25519"
        case rsa.RSAPrivateKey():
            found = "ps256"
        case _:
            found = None
    if found is None:
        raise InvalidInput(f"The key in {path} is of a kind that C2PA does not know: P-256, P-384, RSA or Ed25519.")
    return found


def _make(now: datetime) -> tuple[bytes, bytes]:
    """Chain and key, PEM."""
    root_key, leaf_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, leaf_name = _name("vr-previs development root"), _name("vr-previs development")
    root = (
        _begun(root_name, root_name, root_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        _begun(leaf_name, root_name, leaf_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = leaf_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return leaf.public_bytes(pem) + root.public_bytes(pem), private


def _begun(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _name(common: str) -> x509.Name:
    made_by = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "vr-previs, made on this machine")
    return x509.Name([made_by, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates, key_cert_sign=certificates, crl_sign=certificates, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
