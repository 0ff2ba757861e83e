"""How children get a single calculation or number wrong; whole numbers only.

>>> list(carry_slip(48, "+", 36)), list(carry_slip(6, "*", 45)), list(borrow_slip(52, "-", 18))
([74], [240], [46])
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

_ALIKE = {1: 7, 7: 1, 3: 8, 8: 3, 6: 9, 9: 6}
_TEENS = range(13, 20)


def carry_slip(a: int, op: str, b: int) -> Iterator[int]:
    """What comes out of `a op b` when the carry is forgotten; of numbers that are worked out in columns: both have two
    digits or more, in a product one of them has a single digit."""
    if op == "*" and min(a, b) in range(2, 10) and max(a, b) >= 10:
        right, wrong = a * b, _product_without_carry(max(a, b), min(a, b))
    elif op == "+" and min(a, b) >= 10:
        right, wrong = a + b, _by_columns(a, b, op)
    else:
        return
    if wrong not in (right, a, b, 0):
        yield wrong


def borrow_slip(a: int, op: str, b: int) -> Iterator[int]:
    """What comes out of `a - b` when the smaller digit is taken from the larger in each column; of two digits or
    more."""
    if op == "-" and a > b >= 10:
        wrong = _by_columns(a, b, op)
        if wrong not in (a - b, b, 0) and wrong < a:
            yield wrong


def _by_columns(a: int, b: int, op: str) -> int:
    total, place = 0, 1
    while a or b:
        x, y = a % 10, b % 10
        last = a < 10 and b < 10
        total += place * ((x + y if last else (x + y) % 10) if op == "+" else abs(x - y))
        a, b, place = a // 10, b // 10, place * 10
    return total


def _product_without_carry(long: int, short: int) -> int:
    total, place = 0, 1
    while long:
        product = (long % 10) * short
        total += place * (product if long < 10 else product % 10)
        long, place = long // 10, place * 10
    return total


def table_slip(a: int, op: str, b: int) -> Iterator[int]:
    """The neighbours of the product or quotient in the times table up to 12; nobody errs in those of 10 and 11."""
    if {a, b} & {10, 11} or (op == "/" and a // b in (10, 11)):
        return
    if op == "*" and min(a, b) >= 3 and max(a, b) <= 12:
        yield from (a * b + min(a, b), a * b - min(a, b))
    if op == "/" and b in range(3, 13) and a // b in range(3, 13):
        yield from (a // b + 1, a // b - 1)


def counting_slip(a: int, op: str, b: int) -> Iterator[int]:
    """One too few or too many, from counting the starting number too; only where a child counts."""
    if a > 100 or b > 9 or b < 3:
        return
    if op == "+" and a > 9:
        yield a + b - 1
    if op == "-" and a - b > 1:
        yield a - b + 1


def zero_slip(a: int, op: str, b: int) -> Iterator[int]:
    """A zero too few where both numbers of a product end in one, or the quotient does; a zero too many where only one
    number of a product ends in a zero."""
    if op == "*" and min(a, b) > 1 and 0 in (a % 10, b % 10) and 10 not in (a, b) and 100 not in (a, b):
        yield a * b // 10 if a % 10 == b % 10 else a * b * 10
    if op == "/" and b in range(2, 13) and b != 10 and a // b >= 20 and a // b % 10 == 0:
        yield a // b // 10


def misreadings(value: Fraction) -> Iterator[Fraction]:
    """What a number of two digits may be read as: turned round, -teen for -ty, a digit that looks alike."""
    if value.denominator > 1 or not 10 <= value < 100:
        return
    number = int(value)
    tens, ones = divmod(number, 10)
    if ones and tens != ones:
        yield Fraction(10 * ones + tens)
    if number in _TEENS:
        yield Fraction(10 * ones)
    elif ones == 0 and tens >= 3:
        yield Fraction(10 + tens)
    if ones in _ALIKE:
        yield Fraction(10 * tens + _ALIKE[ones])
