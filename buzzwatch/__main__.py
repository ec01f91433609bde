"""`python -m buzzwatch` is the command."""

from buzzwatch.cli import main

main()
