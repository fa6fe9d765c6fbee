"""``python -m fazhi_ml`` is ``fazhi``."""

import sys

from fazhi_ml.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
