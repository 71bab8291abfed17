"""The command ``amazon-pipeline``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from amazon_pipeline.commands.data_directory import require_usable
from amazon_pipeline.errors import PipelineError
from amazon_pipeline.settings import Settings, load_settings

Command = Callable[[argparse.Namespace, Settings], bool]


def say(line: str) -> None:
    """One line for the person at the terminal, at once."""
    print(line, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0, or 1 after one readable line on what went wrong."""
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings()
        if options.command in (_demo, _up, _sync, _backfill, _rebuild):
            require_usable(settings.data_dir)
        return 0 if options.command(options, settings) else 1
    except PipelineError as error:
        print(f"amazon-pipeline: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("amazon-pipeline: stopped", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="amazon-pipeline", description="An Amazon seller's own data: pulled, checked, modelled and served."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=text)
        one.set_defaults(command=command)
        return one

    for name, command, text in (
        ("demo", _demo, "Try everything with a simulated seller; its data stays apart in data/demo."),
        ("up", _up, "Run everything with the credentials of the environment or .env."),
    ):
        one = add(name, command, text)
        one.add_argument("--host", default="127.0.0.1", help="address of the API and dashboard (default %(default)s)")
        one.add_argument("--port", type=int, default=8000, help="port of the API and dashboard (default %(default)s)")
        one.add_argument("--dagster-port", type=int, default=3000, help="port of the Dagster UI (default %(default)s)")
    add("sync", _sync, "One full sync now, in the foreground, with progress.")
    backfill = add("backfill", _backfill, "Order history through Amazon's reports, at most two years back; resumable.")
    backfill.add_argument("--since", type=_day, required=True, metavar="DATE", help="first day (UTC), as 2026-01-31")
    backfill.add_argument("--until", type=_day, metavar="DATE", help="last day (UTC), today if not given")
    backfill.add_argument("--account", metavar="NAME", help="one of AMAZON_ACCOUNTS, all of them if not given")
    _add_alerts(add("alerts", _alerts, "The open alerts, and who was told; silence a SKU, try the channels."))
    add("check", _check, "Validate the settings, log in, call each API once.")
    add("rebuild", _rebuild, "Make the whole warehouse anew from the landed pages, without calling Amazon.")
    simulator = add("simulator", _simulator, "Only the simulated seller.")
    simulator.formatter_class = argparse.RawDescriptionHelpFormatter
    simulator.add_argument("--host", default="127.0.0.1", help="loopback address to listen on (default %(default)s)")
    simulator.add_argument("--port", type=int, default=8077, help="port to listen on (default %(default)s)")
    simulator.add_argument("--seed", type=int, default=20260101, help="which account is made up (default %(default)s)")
    simulator.add_argument(
        "--quota-speed", type=float, default=1.0, help="Amazon's quota refills so many times as fast (default 1)"
    )
    simulator.add_argument(
        "--fault", action="append", default=[], type=_fault, metavar="OPERATION:KIND[:TIMES][:OPTION=VALUE]",
        help="make something go wrong, for example searchOrders:503-html:3 or '*:429:5'; may be repeated",
    )  # fmt: skip
    simulator.epilog = _kinds_of_fault()
    return parser


def _add_alerts(alerts: argparse.ArgumentParser) -> None:
    actions = alerts.add_subparsers(metavar="ACTION")

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        one = actions.add_parser(name, help=text, description=text)
        one.set_defaults(command=command)
        return one

    snooze = add("snooze", _snooze, "No messages of a SKU until a day.")
    ack = add("ack", _ack, "No more messages of a SKU until it gets worse.")
    for one in (snooze, ack):
        one.add_argument("sku", metavar="SKU", help="the seller's SKU")
        one.add_argument("--marketplace", default="", metavar="ID", help="in this marketplace only, as ATVPDKIKX0DER")
    snooze.add_argument("--until", type=_day, required=True, metavar="DATE", help="first day (UTC) to hear of it again")
    add("test", _try_channels, "Send each channel of ALERT_URLS a trial message.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-01-31") from None


def _demo(options: argparse.Namespace, settings: Settings) -> bool:
    from amazon_pipeline.commands.up import Addresses, demo_environment, demo_port, run_services  # noqa: PLC0415
    from amazon_pipeline.simulator.account import environment  # noqa: PLC0415
    from amazon_pipeline.simulator.shopify.world import store_environment  # noqa: PLC0415

    port = demo_port()
    data_dir = settings.data_dir.resolve() / "demo"
    data_dir.mkdir(parents=True, exist_ok=True)
    address = f"http://127.0.0.1:{port}"
    simulated = {**environment(address), **store_environment(address), "AMAZON_DATA_DIR": str(data_dir)}
    env = demo_environment(settings, simulated)
    os.environ.clear()
    os.environ.update(env)
    demo = load_settings(env_file=None)
    say("DEMO: a simulated seller, with two simulated Shopify stores. No figure you will see is real.")
    # the children start where no .env is, so that nothing of a real account reaches them
    addresses = Addresses(options.host, options.port, options.dagster_port)
    run_services(demo, addresses, env=env, cwd=data_dir, say=say, simulator_port=port)
    return True


def _up(options: argparse.Namespace, settings: Settings) -> bool:
    from amazon_pipeline.commands.up import Addresses, run_services  # noqa: PLC0415

    addresses = Addresses(options.host, options.port, options.dagster_port)
    run_services(settings, addresses, env=dict(os.environ), cwd=Path.cwd(), say=say)
    return True


def _sync(_options: argparse.Namespace, settings: Settings) -> bool:
    from amazon_pipeline.commands.sync_now import sync_now  # noqa: PLC0415

    return sync_now(settings, say)


def _rebuild(_options: argparse.Namespace, settings: Settings) -> bool:
    from amazon_pipeline.commands.rebuild import rebuild  # noqa: PLC0415

    return rebuild(settings, say)


def _backfill(options: argparse.Namespace, settings: Settings) -> bool:
    from amazon_pipeline.commands.backfill import backfill  # noqa: PLC0415

    return backfill(settings, options.since, options.until, say, account=options.account)


def _alerts(_options: argparse.Namespace, settings: Settings) -> bool:
    from amazon_pipeline.commands.alerts import list_alerts  # noqa: PLC0415

    return list_alerts(settings, say)


def _ack(options: argparse.Namespace, settings: Settings) -> bool:
    from amazon_pipeline.commands.alerts import acknowledge  # noqa: PLC0415

    return acknowledge(settings, options.sku, options.marketplace, say)


def _snooze(options: argparse.Namespace, settings: Settings) -> bool:
    from amazon_pipeline.commands.alerts import snooze  # noqa: PLC0415

    return snooze(settings, options.sku, options.marketplace, options.until, say)


def _try_channels(_options: argparse.Namespace, settings: Settings) -> bool:
    from amazon_pipeline.commands.alerts import try_channels  # noqa: PLC0415

    return try_channels(settings, say)


def _check(_options: argparse.Namespace, settings: Settings) -> bool:
    from amazon_pipeline.commands.connection_check import check_connection  # noqa: PLC0415

    return check_connection(settings, say)


def _simulator(options: argparse.Namespace, _settings: Settings) -> bool:
    from amazon_pipeline.commands.services import require_free_port  # noqa: PLC0415
    from amazon_pipeline.simulator.server import serve  # noqa: PLC0415

    require_free_port(options.host, options.port, "--port")
    serve(options.host, options.port, options.seed, options.quota_speed, options.fault)
    return True


def _fault(text: str) -> object:
    """A fault of the simulator; one that does not exist is argparse's own one-line error."""
    from amazon_pipeline.simulator.faults import BadFault, parse_fault  # noqa: PLC0415

    try:
        return parse_fault(text)
    except BadFault as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _kinds_of_fault() -> str:
    from amazon_pipeline.simulator.faults import explain  # noqa: PLC0415

    return explain().replace("%", "%%")


if __name__ == "__main__":
    sys.exit(main())
