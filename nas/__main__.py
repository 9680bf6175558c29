"""`python -m nas`: the command line without its console script."""

import os
import sys

if not sys.flags.safe_path and sys.path and os.path.abspath(sys.path[0]) != os.path.dirname(os.path.dirname(__file__)):
    del sys.path[0]  # the working folder, which `python -m` puts there: no file of the user's is a module of ours

from nas.cli.main import main

if __name__ == "__main__":
    main()
