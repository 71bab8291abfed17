"""The product families of the simulated maker of coffee and kitchen goods."""

from __future__ import annotations

BRAND = "Northmill"

FAMILIES: tuple[tuple[str, str, str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "MUG",
        "Double-Wall Stainless Steel Coffee Mug",
        "16.99",
        (("/BLK 12,OZ", "12 oz, Black", "1"), ("-WHT-12", "12 oz, White", "1"), ("-SS-16", "16 oz, Brushed", "1.18")),
    ),
    (
        "NM-KETTLE-GN",
        "Gooseneck Pour-Over Kettle with Thermometer",
        "44.95",
        (
            ("-1L", "1.0 L, Brushed Steel", "1"),
            ("-BLK", "1.0 L, Matte Black", "1.07"),
            ("-06", "0.6 L, Brushed Steel", "0.82"),
        ),
    ),
    (
        "NM-FPRESS",
        "French Press, Insulated Stainless Steel",
        "36.50",
        (("-34", "34 oz", "1"), ("-50", "50 oz", "1.25"), ("-34-BLK", "34 oz, Black", "1.04")),
    ),
    ("NM-DRIP", "Reusable Pour-Over Coffee Dripper", "18.49", (("-SM", "1-2 Cups", "1"), ("-LG", "3-4 Cups", "1.22"))),
    (
        "NM-GRIND-M",
        "Manual Conical Burr Coffee Grinder",
        "39.90",
        (("-SS", "Steel", "1"), ("-OAK", "Steel and Oak", "1.2")),
    ),
    (
        "NM-TUMBLER",
        "Vacuum Insulated Travel Tumbler with Lid",
        "24.99",
        (
            ("-20-BLK", "20 oz, Black", "1"),
            ("-20-SAGE", "20 oz, Sage", "1"),
            ("-30-BLK", "30 oz, Black", "1.2"),
            ("-30-SAND", "30 oz, Sand", "1.2"),
        ),
    ),
    (
        "NM-BOTTLE",
        "Insulated Water Bottle, Leakproof",
        "22.49",
        (("-18", "18 oz", "1"), ("-24", "24 oz", "1.15"), ("-32", "32 oz", "1.3")),
    ),
    (
        "NM-MOKA",
        "Stovetop Moka Pot, Induction Ready",
        "34.00",
        (("-4", "4 Cup", "1"), ("-6", "6 Cup", "1.2"), ("-9", "9 Cup", "1.5")),
    ),
    (
        "NM-FROTH",
        "Handheld Milk Frother with Stand",
        "15.95",
        (("", "Battery Operated", "1"), ("-RC", "Rechargeable", "1.6")),
    ),
    (
        "NM-PITCHER",
        "Milk Frothing Pitcher with Latte Art Spout",
        "13.99",
        (("-12", "12 oz", "1"), ("-20", "20 oz", "1.25")),
    ),
    (
        "NM-SCALE",
        "Coffee Scale with Timer, 0.1 g",
        "27.99",
        (
            ("", "Black", "1"),
            ("-PRO", "Rechargeable", "1.5"),
        ),
    ),
    (
        "NM-CANISTER",
        "Airtight Coffee Canister with CO2 Valve",
        "29.99",
        (("-22", "22 oz", "1"), ("-16", "16 oz", "0.85"), ("-22-BLK", "22 oz, Black", "1.04")),
    ),
    ("NM-SCOOP", "Coffee Scoop and Bag Clip", "8.99", (("", "1 tbsp", "1"), ("-2PK", "Pack of 2", "1.7"))),
    ("NM-FILTER", "Reusable Steel Mesh Coffee Filter", "12.49", (("-BSK", "Basket", "1"), ("-NO4", "Cone No. 4", "1"))),
    ("NM-TAMPER", "Espresso Tamper with Oak Handle", "25.50", (("-51", "51 mm", "1"), ("-58", "58 mm", "1.08"))),
    (
        "NM-KNOCK",
        "Espresso Knock Box",
        "21.99",
        (
            ("", "Steel", "1"),
            ("-OAK", "Steel and Oak", "1.3"),
        ),
    ),
    ("NM-TEAPOT", "Glass Teapot with Steel Infuser", "26.99", (("-32", "32 oz", "1"), ("-45", "45 oz", "1.2"))),
    ("NM-INFUSER", "Tea Infuser Basket, Extra Fine Mesh", "9.99", (("", "Single", "1"), ("-2PK", "Pack of 2", "1.6"))),
    (
        "NM-COLDBREW",
        "Cold Brew Coffee Maker with Steel Core",
        "31.99",
        (("-1L", "1.0 L", "1"), ("-15", "1.5 L", "1.2")),
    ),
    (
        "NM-BOWLS",
        "Stainless Steel Mixing Bowls with Lids",
        "38.99",
        (("-3", "Set of 3", "1"), ("-5", "Set of 5", "1.4")),
    ),
    ("NM-COLANDER", "Micro-Perforated Colander", "23.99", (("-3QT", "3 qt", "1"), ("-5QT", "5 qt", "1.2"))),
    (
        "NM-STRAINER",
        "Fine Mesh Strainer",
        "14.49",
        (("-7IN", "7 in", "1"), ("-9IN", "9 in", "1.2"), (" SET/3", "Set of 3", "1.9")),
    ),
    (
        "NM-MEASURE",
        "Measuring Cups and Spoons, Stackable",
        "19.99",
        (("-8", "8 Pieces", "1"), ("-13", "13 Pieces", "1.4")),
    ),
    (
        "NM-THERM",
        "Instant Read Kitchen Thermometer",
        "17.99",
        (
            ("", "Folding", "1"),
            ("-PRB", "Leave-In Probe", "1.3"),
        ),
    ),
    (
        "NM-PEPPER",
        "Pepper Mill, Oak and Steel",
        "28.00",
        (("-6", "6 in", "1"), ("-9", "9 in", "1.25"), ("-SET", "with Salt Mill", "1.8")),
    ),
    ("NM-STRAW", "Steel Straws with Brushes", "8.49", (("-8", "Pack of 8", "1"), ("-12", "Pack of 12", "1.3"))),
)
"""Seller SKU stem, title after the brand, price in US dollars, variants (SKU ending, words in the title, price factor).

Two stems make awkward SKUs on purpose, with a slash, a comma and a space: sellers have such SKUs
(amzn/selling-partner-api-models#421).
"""
