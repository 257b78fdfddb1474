"""Let `python -m app` be the same as `sightword`."""

import sys

from app.main import main

sys.exit(main())
