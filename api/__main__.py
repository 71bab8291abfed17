"""``python -m api``: the API and the dashboard alone, with the settings of the environment."""

from __future__ import annotations

import argparse
import sys

from amazon_pipeline.errors import SettingsError
from amazon_pipeline.settings import load_settings
from api.server import run
from api.workers import WorkerFailed


def main() -> int:
    """Serve until stopped.

    Returns 2, with a sentence on standard error, if it may or can not start, and 1 if its workers do not live.
    """
    parser = argparse.ArgumentParser(prog="python -m api", description="Serve the API and the dashboard.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default 8000)")
    parser.add_argument("--workers", type=_count, default=1, help="processes that serve (default 1)")
    parser.add_argument("--no-access-log", action="store_true", help="write no line for each request")
    arguments = parser.parse_args()
    try:
        run(
            load_settings(),
            arguments.host,
            arguments.port,
            workers=arguments.workers,
            access_log=not arguments.no_access_log,
        )
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except WorkerFailed as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # uvicorn raises the signal again after its orderly stop
        return 0
    return 0


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 64:
        raise argparse.ArgumentTypeError("must be between 1 and 64")
    return count


if __name__ == "__main__":
    sys.exit(main())
