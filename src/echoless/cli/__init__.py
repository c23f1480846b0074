"""The echoless command."""
