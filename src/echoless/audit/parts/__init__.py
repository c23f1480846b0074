"""The parts of an audit: each looks at one side of a server and notes checks in the report."""
