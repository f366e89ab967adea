"""The command, run in this process."""

import pytest

from neurona.cli.main import main


def run(capsys, *arguments):
    """Return its exit code, and what it wrote to standard output and error."""
    with pytest.raises(SystemExit) as left:
        main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return left.value.code or 0, out, err
