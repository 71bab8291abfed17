"""Schemathesis reads /openapi.json and tries to catch the API at anything that the document does not say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from api.app import create_app
from tests.api.application import Clock, serving, settings_for
from tests.api.published_account import Published

KEY = "a-long-key-for-the-dashboard"


@pytest.mark.slow
def test_schemathesis_finds_nothing(published: Published, clock: Clock, tmp_path: Path) -> None:
    """All its checks and phases, over real HTTP; only the event stream is left out, because it never ends."""
    published.publish()
    app = create_app(settings_for(published.data_dir, AMAZON_API_KEY=KEY), clock=clock)
    with serving(app) as running:
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{running.url}/openapi.json", "--no-color"]
        command += ["--header", f"Authorization: Bearer {KEY}", "--checks", "all", "--exclude-path", "/api/sse"]
        command += ["--seed", "1", "--generation-database", "none", "--max-examples", "50"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
    assert "No issues found" in done.stdout
