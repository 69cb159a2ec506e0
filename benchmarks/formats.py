"""losscli on every format, against the scripts that people write: benchmarks/formats.py --help.

The same numbers in each format that losscli reads, beside pandas, polars, and the plain reader of
the format. As benchmarks/speed.py, of which this is another table.
"""

from __future__ import annotations

from scripts import FORMATS
from speed import compare

if __name__ == "__main__":
    compare(FORMATS, __doc__, "1e6", 2, name="formats")
