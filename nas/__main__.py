"""`python -m nas`: the command line without its console script."""

from nas.cli.main import main

if __name__ == "__main__":
    main()
