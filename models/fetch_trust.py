"""Find the certificates that say who a hub is, also where Python was packed on another machine.

A packed Python looks for them where they lay on the machine that packed it, and finds none on
another Linux or on a Mac. Systems keep theirs in one of a few files.
"""

import ssl
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

BUNDLES = (
    "/etc/ssl/cert.pem",  # macOS, Alpine
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, Red Hat
    "/etc/ssl/ca-bundle.pem",  # openSUSE
)


def trusting(bundles: Iterable[str] = BUNDLES) -> ssl.SSLContext:
    """A context that checks every hub, by Python's own certificates or else the system's."""
    context = ssl.create_default_context()
    own = ssl.get_default_verify_paths()
    if own.cafile is None and (own.capath is None or not any(Path(own.capath).iterdir())):
        for bundle in bundles:
            with suppress(OSError, ssl.SSLError):
                context.load_verify_locations(bundle)
                break
    return context
