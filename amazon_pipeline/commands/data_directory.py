"""Whether the data directory can be worked in, said in words before anything is begun."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Final

from amazon_pipeline.errors import PipelineError

_LEAST_FREE_BYTES: Final = 5_000_000
"""With less not even Dagster's own files can be opened."""


class DataDirectoryUnusable(PipelineError):
    """Nothing can be written into the data directory. Names it, and what to do."""


def require_usable(data_dir: Path) -> None:
    """Make the directory if need be, and write a file to it. Raises DataDirectoryUnusable."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(data_dir).free
        if free < _LEAST_FREE_BYTES:
            raise DataDirectoryUnusable(
                f"The disk of the data directory {data_dir.resolve()} is full ({free / 1e6:.1f} MB are free). Make "
                "room: docs/operations.md, A full disk, has what may go."
            )
        with tempfile.TemporaryFile(dir=data_dir):
            pass
    except OSError as error:
        raise DataDirectoryUnusable(
            f"The data directory {data_dir.resolve()} cannot be written ({error.strerror}). Give it to the user who "
            "runs this, or choose another with AMAZON_DATA_DIR."
        ) from error
