"""What the simulated seller makes: coffee and kitchen goods of steel, glass and oak.

A product lies in one *pool* of stock: mostly in the fulfillment centers of one marketplace, for a few products in one
pool that both stores sell from and that FBA inventory therefore repeats under the same FNSKU
(amzn/selling-partner-api-docs#294).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate

from amazon_pipeline.simulator.chance import Scramble, fraction, letters, number
from amazon_pipeline.simulator.marketplaces import STORES
from amazon_pipeline.simulator.products import BRAND, FAMILIES

SHARED_EVERY = 10
"""Every tenth product is one pool for both stores."""
HOME_PATTERN = (0, 0, 1, 0, 0, 1, 0)
"""Which store the next product lies in: five of seven in the first one."""


@dataclass(frozen=True, eq=False)
class Pool:
    """One product in one pool of FBA stock."""

    index: int
    seller_sku: str
    fn_sku: str
    asin: str
    title: str
    home: str
    """Marketplace id whose fulfillment centers hold it."""
    sold_in: tuple[str, ...]
    """Marketplace ids whose FBA inventory shows it; the first is ``home``."""
    prices: dict[str, Decimal]
    """Unit price in the currency of each marketplace in ``sold_in``."""
    popularity: float
    """Relative chance of being ordered."""


@dataclass(frozen=True)
class Shelf:
    """The pools one marketplace sells from, ready to draw from by popularity."""

    pools: tuple[int, ...]
    weights: tuple[float, ...]
    """Cumulated, for ``random.choices``."""


class Catalog:
    """All products of the account, the same for the same seed, size and marketplaces."""

    def __init__(self, seed: int, sku_count: int, marketplaces: tuple[str, ...]) -> None:
        self.pools = tuple(_pools(seed, sku_count, marketplaces))
        self.by_sku = {pool.seller_sku: pool for pool in self.pools}
        self.shelves = {one: self._shelf(one) for one in marketplaces}

    def sold_in(self, marketplace_id: str) -> list[Pool]:
        """What FBA inventory of that marketplace lists, by SKU."""
        return sorted((p for p in self.pools if marketplace_id in p.sold_in), key=lambda pool: pool.seller_sku)

    def _shelf(self, marketplace_id: str) -> Shelf:
        pools = [pool for pool in self.pools if marketplace_id in pool.sold_in]
        return Shelf(tuple(p.index for p in pools), tuple(accumulate(p.popularity for p in pools)))


def _variants(sku_count: int) -> list[tuple[str, str, Decimal]]:
    """SKU, title and US price of ``sku_count`` variants; a larger account has later editions of the same goods."""
    once = [
        (stem + ending, f"{BRAND} {title}, {words}", (Decimal(price) * Decimal(factor)).quantize(Decimal("0.01")))
        for stem, title, price, variants in FAMILIES
        for ending, words, factor in variants
    ]
    edition = 2
    rows = list(once)
    while len(rows) < sku_count:
        rows += [(f"{sku}-E{edition}", f"{title} (Edition {edition})", price) for sku, title, price in once]
        edition += 1
    return rows[:sku_count]


def _pools(seed: int, sku_count: int, marketplaces: tuple[str, ...]) -> list[Pool]:
    asins = Scramble(32**8, "asin", seed)
    fn_skus = Scramble(32**7, "fnsku", seed)
    ranks = sorted(range(sku_count), key=lambda index: number(seed, "popularity", index))
    rank_of = {index: rank for rank, index in enumerate(ranks)}
    pools = []
    for index, (sku, title, price) in enumerate(_variants(sku_count)):
        shared = len(marketplaces) > 1 and index % SHARED_EVERY == 0
        home = marketplaces[0] if shared else marketplaces[HOME_PATTERN[index % len(HOME_PATTERN)] % len(marketplaces)]
        sold_in = marketplaces if shared else (home,)
        prices = {one: _price(price, STORES[one].price_factor) for one in sold_in}
        popularity = (rank_of[index] + 5) ** -0.85 * (0.9 + 0.2 * fraction(seed, "taste", index))
        own_sku = sku if home == marketplaces[0] else f"{sku}-{STORES[home].country_code}"
        pools.append(
            Pool(
                index, own_sku, "X00" + letters(fn_skus.scramble(index), 7), "B0" + letters(asins.scramble(index), 8),
                title, home, sold_in, prices, popularity,
            )
        )  # fmt: skip
    return pools


def _price(us_price: Decimal, factor: Decimal) -> Decimal:
    """A price that ends in ,99 elsewhere than in the United States."""
    if factor == 1:
        return us_price
    return (us_price * factor).to_integral_value() - Decimal("0.01")
