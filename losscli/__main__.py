"""``python -m losscli`` is ``losscli``."""

from losscli.cli import console

if __name__ == "__main__":
    console()
