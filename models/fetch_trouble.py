"""Say what went wrong between us and a hub: what may pass, and what a person must see to."""

import errno
import http.client
import socket
import ssl
import urllib.error
from urllib.parse import urlsplit

from models.errors import KnownError

LOCAL = ("localhost", "127.0.0.1", "::1")
UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)


class Cut(Exception):
    """It may go better next time: silence, a broken line, a hub that is busy."""


class NoNetwork(KnownError):
    """The hub can't be reached at all from here."""


def check_address(url: str) -> None:
    """Raise KnownError for an address that we don't fetch from."""
    try:
        parts = urlsplit(url)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL)
        if safe and parts.hostname and not any(sign.isspace() for sign in url):
            return
    except ValueError:
        pass
    raise KnownError(
        f"{url} can't be fetched: only https addresses are. If the file is on this computer, "
        "name its path."
    )


def refusal(error: urllib.error.HTTPError, url: str) -> Exception:
    """What to raise for an answer that is no file: Cut, or KnownError where it will stay so."""
    host = urlsplit(url).hostname
    if error.code in (401, 403):
        return KnownError(
            f"{host} does not give {url} to everybody (it answers {error.code}). Fetch it with a "
            "browser, where you can sign in, and add the file that you get by its path."
        )
    if error.code in (404, 410):
        return KnownError(
            f"There is no such file: {host} answers {error.code} to {url}. Check the address, or "
            "look for a newer version of this program."
        )
    if error.code < 400:  # urllib follows no redirect to a local file, nor one in a circle
        return KnownError(f"{host} leads nowhere from {url}. Check the address.")
    return Cut(f"{host} answers {error.code} ({error.reason})")


def unreachable(error: urllib.error.URLError, url: str) -> Exception:
    """What to raise where there is no connection at all: Cut, NoNetwork, or KnownError."""
    reason = error.reason
    host = urlsplit(url).hostname
    if isinstance(reason, ssl.SSLCertVerificationError):
        return KnownError(
            f"{host} can't prove that it is who it says ({reason.verify_message}), so nothing was "
            "fetched. Check this computer's clock, and whether something reads its traffic."
        )
    lost = isinstance(reason, socket.gaierror | PermissionError)
    if lost or getattr(reason, "errno", None) in UNREACHABLE:
        return NoNetwork(f"{host} can't be reached from here ({why(reason)}).")
    return Cut(why(reason))


def why(error: object) -> str:
    """A few words for what went wrong on the line.

    >>> why(TimeoutError()), why(ConnectionResetError(104, "Connection reset by peer"))
    ('it is silent', 'Connection reset by peer')
    """
    if isinstance(error, TimeoutError):
        return "it is silent"
    if isinstance(error, http.client.IncompleteRead | http.client.RemoteDisconnected):
        return "the connection was cut"
    return str(getattr(error, "strerror", None) or str(error) or type(error).__name__)
