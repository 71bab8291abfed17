"""The alerts, their changes and what each channel was told of them, in the state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from amazon_pipeline import state
from amazon_pipeline.alerts.channels import Channel
from amazon_pipeline.alerts.rules import Alert, Change, Kind, Notice, Subject, next_try

_SNOOZED: Final = """(
  SELECT max(until) FROM alert_snoozes AS s
  WHERE s.seller_sku = a.seller_sku AND s.marketplace_id IN ('', a.marketplace_id)
)"""
_OF_A_SKU: Final = "seller_sku = :sku AND (:marketplace = '' OR marketplace_id = :marketplace)"
_UNHEARD: Final = f"""
WITH newest AS (
  SELECT max(c.change_id) AS change_id FROM alert_changes AS c JOIN alerts AS a USING (alert_id)
  WHERE a.kind = :kind GROUP BY a.seller_id, a.marketplace_id, a.seller_sku
)
SELECT c.change_id, c.alert_id, c.change, a.seller_id, a.marketplace_id, a.seller_sku, c.level, c.sentence,
       c.changed_at, a.opened_at, a.acknowledged_level, {_SNOOZED},
       EXISTS (
         SELECT 1 FROM alert_changes AS e JOIN alert_deliveries AS f USING (change_id)
         WHERE e.alert_id = c.alert_id AND f.channel = :channel AND f.delivered_at IS NOT NULL
       ),
       coalesce(d.attempts, 0), d.next_try_at, d.last_error
FROM newest JOIN alert_changes AS c USING (change_id) JOIN alerts AS a USING (alert_id)
LEFT JOIN alert_deliveries AS d ON d.change_id = c.change_id AND d.channel = :channel
WHERE d.delivered_at IS NULL
ORDER BY c.change_id
"""


@dataclass(frozen=True)
class Standing:
    """An open alert with what people said of it and how its newest change went out; for a person to read."""

    alert: Alert
    kind: Kind
    acknowledged_level: str | None
    snoozed_until: date | None
    deliveries: list[tuple[str, int, str | None, str | None]]
    """Of each channel: its label, attempts, when it was delivered, the last error."""


class AlertBook:
    """Reads and writes the alerts; safe from any process. Opens the state for each call and closes it again."""

    def __init__(self, location: state.Location) -> None:
        self._location = location

    def record(
        self, kind: Kind, decide: Callable[[list[Alert]], Sequence[Change]], *, at: datetime
    ) -> Sequence[Change]:
        """Write what ``decide`` makes of the open alerts of a kind, in one transaction. Returns what it made."""
        with state.transaction(self._location) as connection:
            changes = decide(_open_alerts(connection, kind))
            for change in changes:
                alert_id = _write(connection, kind, change, at.isoformat())
                connection.execute(
                    "INSERT INTO alert_changes (alert_id, change, level, sentence, changed_at) VALUES (?, ?, ?, ?, ?)",
                    (alert_id, change.what, change.level, change.sentence, at.isoformat()),
                )
        return changes

    def unheard(self, kind: Kind, channel: Channel) -> list[Notice]:
        """The newest change of each subject, where the channel has not been delivered it."""
        with state.reading(self._location) as connection:
            rows = connection.execute(_UNHEARD, {"kind": kind, "channel": channel.channel_id}).fetchall()
        return [_notice(row) for row in rows]

    def intend(self, notices: Iterable[Notice], channel: Channel, *, at: datetime) -> None:
        """Note, before it is made, an attempt to deliver: if the process dies now, the next one is not at once."""
        rows = [
            (one.change_id, channel.channel_id, channel.label, at.isoformat(), _text(next_try(one.attempts + 1, at)))
            for one in notices
        ]
        with state.transaction(self._location) as connection:
            connection.executemany(
                """INSERT INTO alert_deliveries (change_id, channel, label, attempts, tried_at, next_try_at)
                   VALUES (?, ?, ?, 1, ?, ?) ON CONFLICT (change_id, channel) DO UPDATE SET
                   attempts = alert_deliveries.attempts + 1,
                   tried_at = excluded.tried_at, next_try_at = excluded.next_try_at""",
                rows,
            )

    def settle(self, notices: Iterable[Notice], channel: Channel, *, at: datetime, error: str | None) -> None:
        """Note how an attempt ended: delivered, or why not."""
        delivered = None if error else at.isoformat()
        with state.transaction(self._location) as connection:
            connection.executemany(
                """UPDATE alert_deliveries SET delivered_at = ?, last_error = ?,
                   next_try_at = CASE WHEN ? IS NULL THEN next_try_at END WHERE change_id = ? AND channel = ?""",
                [(delivered, error, delivered, one.change_id, channel.channel_id) for one in notices],
            )

    def acknowledge(self, seller_sku: str, marketplace_id: str = "") -> int:
        """Silence a SKU's open alerts until they get worse; all marketplaces if none is named. Returns how many."""
        with state.transaction(self._location) as connection:
            return connection.execute(
                f"""UPDATE alerts SET acknowledged_level = level
                    WHERE kind = 'stock' AND resolved_at IS NULL AND {_OF_A_SKU}""",
                {"sku": seller_sku, "marketplace": marketplace_id},
            ).rowcount

    def snooze(self, seller_sku: str, marketplace_id: str = "", *, until: date) -> None:
        """Silence a SKU until a day (UTC); all marketplaces if none is named. A later call for the same replaces it."""
        with state.transaction(self._location) as connection:
            values = {"sku": seller_sku, "marketplace": marketplace_id, "until": until.isoformat()}
            connection.execute(f"DELETE FROM alert_snoozes WHERE {_OF_A_SKU}", values)
            connection.execute("INSERT INTO alert_snoozes VALUES (:sku, :marketplace, :until)", values)

    def standing(self) -> list[Standing]:
        """The open alerts, oldest first."""
        with state.reading(self._location) as connection:
            rows = connection.execute(
                f"""SELECT alert_id, seller_id, marketplace_id, seller_sku, level, opened_at,
                           kind, acknowledged_level, {_SNOOZED}
                    FROM alerts AS a WHERE resolved_at IS NULL ORDER BY alert_id"""
            ).fetchall()
            return [
                Standing(_alert(row[:6]), row[6], row[7], _day(row[8]), _deliveries(connection, row[0])) for row in rows
            ]


def _open_alerts(connection: state.Connection, kind: Kind) -> list[Alert]:
    rows = connection.execute(
        """SELECT alert_id, seller_id, marketplace_id, seller_sku, level, opened_at
           FROM alerts WHERE kind = ? AND resolved_at IS NULL ORDER BY alert_id""",
        (kind,),
    )
    return [_alert(row) for row in rows]


def _write(connection: state.Connection, kind: Kind, change: Change, at: str) -> int:
    subject = change.subject
    if change.alert_id is None:
        ((alert_id,),) = connection.execute(
            """INSERT INTO alerts (kind, seller_id, marketplace_id, seller_sku, level, opened_at)
               VALUES (?, ?, ?, ?, ?, ?) RETURNING alert_id""",
            (kind, subject.seller_id, subject.marketplace_id, subject.seller_sku, change.level, at),
        ).fetchall()
        return int(alert_id)
    if change.what == "resolved":
        connection.execute("UPDATE alerts SET resolved_at = ? WHERE alert_id = ?", (at, change.alert_id))
        return change.alert_id
    # what was acknowledged as out and is merely low is news when it is out again
    connection.execute(
        """UPDATE alerts SET level = :level, acknowledged_level =
             CASE WHEN :what = 'eased' AND acknowledged_level IS NOT NULL THEN :level ELSE acknowledged_level END
           WHERE alert_id = :id""",
        {"level": change.level, "what": change.what, "id": change.alert_id},
    )
    return change.alert_id


def _deliveries(connection: state.Connection, alert_id: int) -> list[tuple[str, int, str | None, str | None]]:
    return connection.execute(
        """SELECT label, attempts, delivered_at, last_error FROM alert_deliveries
           WHERE change_id = (SELECT max(change_id) FROM alert_changes WHERE alert_id = ?) ORDER BY label, channel""",
        (alert_id,),
    ).fetchall()


def _alert(row: tuple[Any, ...]) -> Alert:
    return Alert(row[0], Subject(*row[1:4]), row[4], datetime.fromisoformat(row[5]))


def _notice(row: tuple[Any, ...]) -> Notice:
    return Notice(
        change_id=row[0],
        alert_id=row[1],
        what=row[2],
        subject=Subject(*row[3:6]),
        level=row[6],
        sentence=row[7],
        changed_at=datetime.fromisoformat(row[8]),
        opened_at=datetime.fromisoformat(row[9]),
        acknowledged_level=row[10],
        snoozed_until=_day(row[11]),
        was_told=bool(row[12]),
        attempts=row[13],
        next_try_at=datetime.fromisoformat(row[14]) if row[14] else None,
        last_error=row[15],
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
