"""What losses of other inputs than a prediction and a target are asked with in tests.

One file a family, one :class:`Example` a loss; tests of what all losses have in common draw from
them: the same bits, options, devices, laws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asked import (
    boxes,
    distributions,
    held,
    masks,
    ordered,
    sequences,
    signals,
    survival,
    vectors,
)

if TYPE_CHECKING:
    from asked.base import Example

EXAMPLES: dict[str, Example] = {
    **distributions.EXAMPLES,
    **ordered.EXAMPLES,
    **survival.EXAMPLES,
    **signals.EXAMPLES,
    **boxes.EXAMPLES,
    **masks.EXAMPLES,
    **sequences.EXAMPLES,
    **vectors.EXAMPLES,
    **held.EXAMPLES,
}
"""The examples by the name of their loss."""

FORMS = {
    f"{name} {form}": (name, make)
    for name, example in EXAMPLES.items()
    for form, make in example.forms.items()
}
"""Every form of every loss by a name of its own."""
