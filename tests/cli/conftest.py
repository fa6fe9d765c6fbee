"""The archive that the commands about archives are asked about."""

from tests.archive.conftest import archive

__all__ = ["archive"]
