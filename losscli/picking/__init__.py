"""Which rows are read, and which belong together: --key and --where.

Inputs of one file share their rows. Where a key is given, the rows of every other file are brought
into the order of the predictions' file; what is left of each input is a field like any other.
"""

from __future__ import annotations

from losscli.picking.asked import Asked
from losscli.picking.columns import Columns
from losscli.picking.rows import Picking, picked

__all__ = ["Asked", "Columns", "Picking", "picked"]
