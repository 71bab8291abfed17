"""``python -m api --host HOST --port PORT``: the API and dashboard alone, with the settings of the environment."""

from __future__ import annotations

import argparse
import sys

from amazon_pipeline.errors import SettingsError
from amazon_pipeline.settings import load_settings
from api.server import run


def main() -> int:
    """Serve until stopped. Returns 2, with a sentence on standard error, if it may or can not start."""
    parser = argparse.ArgumentParser(prog="python -m api", description="Serve the API and the dashboard.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default 8000)")
    arguments = parser.parse_args()
    try:
        run(load_settings(), arguments.host, arguments.port)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # uvicorn raises the signal again after its orderly stop
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
