"""Makes the pages of the command line and of the Python API: ``python -m docs.reference``."""

from docs.reference import cli, python

if __name__ == "__main__":
    for part in (cli, python):
        part.PAGE.write_text(part.page(), encoding="utf-8")
