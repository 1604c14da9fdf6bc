"""`python -m controller.cli` is `dormouse`."""

from controller.cli.main import main

main()
