"""The command line, ``fazhi``.

One module a command. Each pairs a plain function that returns data, for Python callers and tests, with a thin wrapper
that only parses, prints and sets the exit code: a function named ``command`` that typer wraps, or, for a command with
sub-commands, a ``typer.Typer`` named ``app``. Typer and the library that it checks values with take longer to import
than a report takes to read, so a command whose start-up counts parses with argparse instead, in a function
``main(arguments) -> exit code``. `fazhi_ml.cli.app` lists the modules with their one-line help and imports one only
when its command runs, so a module may import whatever its command needs.

A wrapper lets every `FazhiError` rise: `fazhi_ml.cli.app` turns it into ``error: …`` on stderr. Data go to stdout,
everything else to stderr. Exit codes: 0 done, 1 some inputs failed, 2 wrong usage.
"""
