"""Seeded chance: the same seed and the same name give the same draws, in any process, on any day."""

from __future__ import annotations

from hashlib import blake2b
from math import gcd
from random import Random

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits and capitals without I, L, O and U, as Amazon's own identifiers mostly look."""


def stream(*name: object) -> Random:
    """A generator of draws that depends on ``name`` and nothing else."""
    return Random("/".join(map(str, name)))  # noqa: S311 - a make-believe world, no secret depends on it


def number(*name: object) -> int:
    """One draw from 0 to 2**64 - 1 for ``name``: cheaper than a whole stream."""
    return int.from_bytes(blake2b("/".join(map(str, name)).encode(), digest_size=8).digest(), "big")


def fraction(*name: object) -> float:
    """One draw from 0 (included) to 1 (excluded) for ``name``."""
    return number(*name) / 2**64


class Scramble:
    """A one-to-one shuffle of the numbers below ``size``: counts go in, unrelated-looking identifiers come out.

    It can be undone, so the simulator finds an order by its id without keeping a list of all orders.
    """

    def __init__(self, size: int, *name: object) -> None:
        self._size = size
        factor = number("factor", *name) % size | 1
        while gcd(factor, size) != 1:
            factor = (factor + 2) % size
        self._factor = factor
        self._inverse = pow(factor, -1, size)
        self._shift = number("shift", *name) % size

    def scramble(self, plain: int) -> int:
        """The identifier of ``plain``."""
        return (plain * self._factor + self._shift) % self._size

    def unscramble(self, scrambled: int) -> int:
        """The number that ``scrambled`` was made of."""
        return (scrambled - self._shift) * self._inverse % self._size


def letters(value: int, length: int) -> str:
    """``value`` in base 32 with :data:`CROCKFORD`, padded to ``length``."""
    digits = []
    for _ in range(length):
        value, digit = divmod(value, 32)
        digits.append(CROCKFORD[digit])
    return "".join(reversed(digits))
