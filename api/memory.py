"""Giving memory back to the system, which Python and the C library else keep for another time."""

from __future__ import annotations

import ctypes
import gc


def give_back() -> None:
    """Free what nobody holds any more, and return free pages where the C library can (glibc)."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
