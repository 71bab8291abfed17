"""The processes of ``up``: one set on a data directory, and none that outlives its parent."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from amazon_pipeline.cli import main
from amazon_pipeline.commands.up import AlreadyUp, only_up
from amazon_pipeline.settings import Settings

PARENT = """
import os, sys
from pathlib import Path
from amazon_pipeline.commands.services import Service, Services
with Services(dict(os.environ), Path.cwd(), print) as services:
    child = Service("child", [sys.executable, "-c", "import signal; signal.pause()"], None)
    services.start(child)
    print(child.process.pid, flush=True)
    services.watch()
"""


def test_a_second_up_on_a_data_directory_is_refused_and_names_it(tmp_path: Path) -> None:
    """Two daemons ran one schedule, and each started its runs."""
    settings = Settings(_env_file=None, AMAZON_DATA_DIR=tmp_path)  # type: ignore[call-arg]
    with only_up(settings), pytest.raises(AlreadyUp, match=str(tmp_path)), only_up(settings):
        pass
    with only_up(settings):
        pass


def test_a_data_directory_that_cannot_be_written_is_named_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ended in a stack trace of pathlib or, on a full disk, of SQLAlchemy."""
    (tmp_path / "data").write_text("a file stands there")
    monkeypatch.setenv("AMAZON_DATA_DIR", str(tmp_path / "data"))
    assert main(["sync"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"amazon-pipeline: The data directory {tmp_path / 'data'} cannot be written (File exists).")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_a_child_stops_when_its_parent_is_killed(tmp_path: Path) -> None:
    """After a kill -9 of up, the daemon and the API went on, and the next up met their ports."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, cwd=tmp_path) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        try:
            parent.kill()
            ended, _, _ = select.select([child], [], [], 60)
            assert ended == [child]
        finally:
            os.close(child)
