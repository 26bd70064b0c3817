"""The command `tenon`: hands over to the native driver."""

import os
import sys

from .errors import LibraryError
from .libraries import find_driver


def main() -> None:
    """Replaces this process by the driver, with the same arguments."""
    try:
        driver = find_driver()
    except LibraryError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    os.execv(driver, [str(driver), *sys.argv[1:]])


if __name__ == "__main__":
    main()
