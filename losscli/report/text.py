"""Numbers and names as people read them."""

from __future__ import annotations

import math


def clean(text: str) -> str:
    r"""Text in which control characters are seen and do nothing.

    >>> clean("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def figure(value: float) -> str:
    """A result: six decimals, or six digits of what is very small or very large.

    >>> figure(0.0829104), figure(1.5e-9), figure(3075.33)
    ('0.082910', '1.500000e-09', '3075.330000')
    """
    if not math.isfinite(value) or value == 0 or 1e-3 <= abs(value) < 1e9:
        return f"{value:.6f}"
    return f"{value:.6e}"


def brief(value: float) -> str:
    """A number beside a result: four decimals, or two digits of what is very small.

    >>> brief(0.3535), brief(2.4e-12), brief(0.0), brief(-26.8)
    ('0.3535', '2.4e-12', '0', '-26.8000')
    """
    if value == 0:
        return "0"
    if 1000 <= abs(value) < 1e6:
        return f"{value:.1f}"
    if not math.isfinite(value) or 1e-3 <= abs(value) < 1e6:
        return f"{value:.4f}"
    return f"{value:.1e}"


def short(value: float) -> str:
    """A number of an input: three digits.

    >>> short(-26.84), short(0.6368), short(184.0), short(123456.0), short(math.inf)
    ('-26.8', '0.637', '184', '123456', 'inf')
    """
    return f"{value:.6g}" if abs(value) >= 1e4 and float(value).is_integer() else f"{value:.3g}"


def counted(value: float, form: str = "") -> str:
    """A count in full; a sum of weights to as many digits as other sums.

    >>> counted(285.0), counted(1e6, ","), counted(12.5)
    ('285', '1,000,000', '12.500000')
    """
    return f"{int(value):{form}}" if value.is_integer() else figure(value)


def percent(part: float) -> str:
    """A share in whole percent.

    >>> percent(0.876), percent(0.002), percent(0.0)
    ('88%', '<1%', '0%')
    """
    return "<1%" if 0 < part < 0.005 else f"{100 * part:.0f}%"
