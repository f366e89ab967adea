"""`python -m neurona` is the command `neurona`."""

from neurona.cli.main import main

if __name__ == "__main__":
    main()
