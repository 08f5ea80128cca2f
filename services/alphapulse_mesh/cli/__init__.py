"""The command line, `alphapulse`: one module a group of commands, `output` for what they print."""
