"""`python -m gradlings` is the `gradlings` command."""

from gradlings.cli import main

if __name__ == "__main__":
    main()
