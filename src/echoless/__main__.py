"""`python -m echoless` is the `echoless` command."""

from echoless.cli.main import main

if __name__ == "__main__":
    main()
