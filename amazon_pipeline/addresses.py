"""Addresses of other programs: which are this machine's own, and which a secret may be sent to."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address can only be this machine."""
    if host is None:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def exact_origin(value: str) -> str:
    """One origin as a browser sends it. Raises ValueError for anything else, such as ``*``, which is all of them."""
    if not re.fullmatch(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]+)?", value):
        raise ValueError(f"must be exact origins such as https://sheet.example.com, in lower case, not {value!r}")
    return value


def safe_base_url(value: str) -> str:
    """The URL without a slash at its end. Raises ValueError for one that a secret must not be sent to."""
    url = urlsplit(value)
    if url.scheme not in ("https", "http") or not url.hostname:
        raise ValueError("must be a URL such as https://host")
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise ValueError("must use https:// (http:// is for loopback hosts only: a secret never travels in clear)")
    return value.rstrip("/")


def is_postgres_url(value: str) -> bool:
    """Whether it reads the same to everyone: a host, at most one @, and a port that is a number."""
    url = urlsplit(value)
    try:
        return url.scheme == "postgresql" and bool(url.hostname) and url.netloc.count("@") <= 1 and url.port != 0
    except ValueError:
        return False
