"""Starts the simulated seller on a real port: in a thread for tests and the demo, or in the foreground."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self

import uvicorn

from amazon_pipeline.simulator.account import environment
from amazon_pipeline.simulator.app import Simulated
from amazon_pipeline.simulator.calls import Call
from amazon_pipeline.simulator.clock import Clock, real_time
from amazon_pipeline.simulator.faults import Fault, Faults
from amazon_pipeline.simulator.marketplaces import CA, US
from amazon_pipeline.simulator.operations import PageSizes
from amazon_pipeline.simulator.reports import DEFAULT_SECONDS
from amazon_pipeline.simulator.shopify.app import Store
from amazon_pipeline.simulator.shopify.world import store_environment
from amazon_pipeline.simulator.world import DEFAULT_ORDERS_PER_DAY, DEFAULT_SEED, DEFAULT_SKU_COUNT, World

START_SECONDS = 10.0
"""A server that does not listen by then never will."""


class RunningSimulator:
    """A simulated seller that answers on a free port of this machine for the length of a ``with`` block."""

    def __init__(
        self,
        *,
        seed: int = DEFAULT_SEED,
        clock: Clock = real_time,
        orders_per_day: float = DEFAULT_ORDERS_PER_DAY,
        sku_count: int = DEFAULT_SKU_COUNT,
        marketplaces: tuple[str, ...] = (US, CA),
        history_days: int | None = None,
        quota_speed: float = 1.0,
        pages: PageSizes | None = None,
        report_seconds: float = DEFAULT_SECONDS,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.clock = clock
        self.world = World(
            seed=seed,
            clock=clock,
            orders_per_day=orders_per_day,
            sku_count=sku_count,
            marketplaces=marketplaces,
            history_days=history_days,
        )
        simulated = Simulated(self.world, quota_speed, pages or PageSizes(), report_seconds)
        self.calls: list[Call] = simulated.calls
        """Every request so far, oldest first."""
        self.faults: Faults = simulated.faults
        """What goes wrong: ``faults.add(operation="searchOrders", kind="503-html", times=3)``."""
        self.stores: dict[str, Store] = simulated.stores.by_key
        """The Shopify stores beside the seller, by key: ``uk-eu`` and ``usa``."""
        self._server = _Server(simulated)
        self._address = (host, port)
        self.sp_api_endpoint = ""
        self.lwa_endpoint = ""
        self.environment: dict[str, str] = {}
        """With which the product talks to the seller; ``store_environment`` adds the stores."""
        self.store_environment: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._socket = _listen(*self._address)
        self.sp_api_endpoint = _url(self._socket)
        self.environment = environment(self.sp_api_endpoint)
        self.lwa_endpoint = self.environment["AMAZON_LWA_ENDPOINT"]
        self.store_environment = store_environment(self.sp_api_endpoint)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="simulator", daemon=True)
        self._thread.start()
        if not self._server.listening.wait(START_SECONDS):
            self.__exit__(None, None, None)
            raise RuntimeError(f"the simulator did not start within {START_SECONDS:.0f} s")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


def serve(
    host: str, port: int, seed: int = DEFAULT_SEED, quota_speed: float = 1.0, faults: Iterable[Fault] = ()
) -> None:
    """Answer until Ctrl-C. A port that is taken raises OSError before anything is started."""
    listening = _listen(host, port)
    with listening:
        world = World(seed=seed)
        world.warm_up()
        url = _url(listening)
        server = _Server(Simulated(world, quota_speed, faults=Faults(faults)))
        server.when_listening = f"Simulated seller: SP-API {url}, login {url}/auth/o2/token (credentials: {url}/)"
        # uvicorn shuts down cleanly on Ctrl-C and then raises the signal again.
        with suppress(KeyboardInterrupt):
            server.run([listening])


class _Server(uvicorn.Server):
    """uvicorn, saying when it listens."""

    def __init__(self, simulated: Simulated) -> None:
        super().__init__(
            uvicorn.Config(
                simulated.app,
                http=simulated.connections.protocol(),
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="off",
                ws="none",
                timeout_graceful_shutdown=1,
            )
        )
        self._simulated = simulated
        self.listening = threading.Event()
        self.when_listening: str | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.when_listening:
            print(self.when_listening, flush=True)
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._simulated.stop()
        await super().shutdown(sockets)


def _listen(host: str, port: int) -> socket.socket:
    """A bound, listening socket; OSError if the port is taken."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{host}:{port}"
