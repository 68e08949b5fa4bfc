"""A probability as text."""

import math

LEAST = 0.001  # percent; of less a reader only needs to know that it is not zero
ROUNDING = 1e-5  # the sum of a float32 softmax may differ from 1 by this much


def format_percent(p: float) -> str:
    """A probability as a percentage to be read, with enough digits that it never rounds to 0 or 100.

    0.7123 is "71.2%", 0.00043 is "0.043%", 0.99999 is "99.999%", 1e-9 is "<0.001%"; "0%" and "100%" mean exactly that. What is
    saved as a file holds the number itself.
    """
    if math.isnan(p) or not -ROUNDING <= p <= 1 + ROUNDING:
        raise ValueError(f"A probability lies between 0 and 1; this one is {p}.")
    if p <= 0:
        return "0%"
    if p >= 1:
        return "100%"
    percent = 100 * float(p)
    exponent = f"{percent:.1e}".split("e")[1]  # rounded to two digits before its size is compared
    if int(exponent) < -3:
        return f"<{LEAST}%"
    if int(exponent) < 0:
        return f"{percent:.{1 - int(exponent)}f}%"
    texts = (f"{percent:.{decimals}f}" for decimals in range(1, 16))
    return f"{next((text for text in texts if not text.startswith('100')), '100')}%"
