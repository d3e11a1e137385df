"""Currencies as files write them: codes, symbols, and what a lone dollar sign can mean."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

CODES = frozenset(
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP "
    "CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF "
    "IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD "
    "MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB "
    "RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD "
    "UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG".split()
)
"""ISO 4217, without funds, metals and test codes."""

SYMBOLS: dict[str, tuple[str, ...]] = {
    "$": tuple("USD CAD AUD NZD SGD HKD MXN ARS CLP COP TWD".split()),
    "€": ("EUR",),
    "£": ("GBP", "EGP", "GIP"),
    "¥": ("JPY", "CNY"),
    "us$": ("USD",),
    "ca$": ("CAD",),
    "c$": ("CAD",),
    "a$": ("AUD",),
    "au$": ("AUD",),
    "nz$": ("NZD",),
    "hk$": ("HKD",),
    "s$": ("SGD",),
    "mx$": ("MXN",),
    "r$": ("BRL",),
    "₹": ("INR",),
    "₺": ("TRY",),
    "₪": ("ILS",),
    "₩": ("KRW",),
    "₴": ("UAH",),
    "zł": ("PLN",),
    "kč": ("CZK",),
    "ft": ("HUF",),
    "kr": ("", "SEK", "NOK", "DKK", "ISK"),
    "kr.": ("", "DKK", "SEK", "NOK", "ISK"),
    "fr.": ("", "CHF"),
}
"""What a symbol can mean; the first is what it means where nothing else is said, empty: then it has to be asked."""


class Currency(NamedTuple):
    """What a unit says about the currency."""

    usual: str
    """The code it means where nothing else is said; empty when that has to be asked."""

    possible: tuple[str, ...]
    """Every code it can mean."""


@lru_cache(maxsize=512)
def currency_of(unit: str) -> Currency | None:
    """The currency that a unit such as `$`, `EUR` or `$ CAD` names; None when it names none, or contradicts itself."""
    found: Currency | None = None
    for part in unit.split():
        one = _one(part)
        if one is None:
            return None
        found = one if found is None else both(found, one)
        if found is None:
            return None
    return found


def _one(text: str) -> Currency | None:
    if text.upper() in CODES:
        return Currency(text.upper(), (text.upper(),))
    meanings = SYMBOLS.get(text.casefold())
    return Currency(meanings[0], tuple(code for code in meanings if code)) if meanings else None


def both(one: Currency, other: Currency) -> Currency | None:
    """What two statements about one amount say together; None when they contradict each other."""
    possible = tuple(code for code in one.possible if code in other.possible)
    if not possible:
        return None
    usual = next((code for code in (one.usual, other.usual) if code in possible), "")
    return Currency(possible[0] if len(possible) == 1 else usual, possible)


_TRAILING = re.compile(
    r"^(?P<name>.*?)\s*(?:[(\[](?:in\s+)?(?P<bracket>[^()\[\]]+)[)\]]|\bin\s+(?P<named>[A-Z]{3}|\S)|\b(?P<code>[A-Z]{3}))\s*$"
)


LONGEST_HEADING = 200
"""Longer cells are no headings with a unit; the pattern would take its time over them."""


def heading_parts(heading: str) -> tuple[str, str]:
    """A heading's name and its trailing unit: `Amount (USD)`, `Budget in EUR`, `Cost GBP`, `Remaining [h]`.

    Without brackets only currencies count as a unit. The unit is empty where there is none.
    """
    found = _TRAILING.match(heading.strip()) if len(heading) <= LONGEST_HEADING else None
    if not found or not found["name"]:
        return heading.strip(), ""
    unit = found["bracket"] or found["named"] or found["code"]
    if not found["bracket"] and currency_of(unit) is None:
        return heading.strip(), ""
    return found["name"].strip(), unit.strip()
