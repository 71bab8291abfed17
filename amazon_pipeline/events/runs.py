"""What the steps of one run tell each other, whichever processes do them."""

from __future__ import annotations

from datetime import datetime

from amazon_pipeline import state


class RunRecord:
    """Reads and writes what is known of one run; safe from any process."""

    def __init__(self, location: state.Location, run_id: str) -> None:
        self._location = location
        self._run_id = run_id

    def began(self, source: str, *, at: datetime) -> datetime:
        """When the run first asked a source for something: now, unless another step was first."""
        with state.transaction(self._location) as connection:
            connection.execute(
                "INSERT INTO run_sources (run_id, source, began_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (self._run_id, source, at.isoformat()),
            )
            ((text,),) = connection.execute(
                "SELECT began_at FROM run_sources WHERE run_id = ? AND source = ?", (self._run_id, source)
            ).fetchall()
        return datetime.fromisoformat(text)

    def remember(self, stream: str, source: str, outcome: str, *, at: datetime) -> None:
        """How the run's fetch of a stream from a source ended, in place of an earlier try."""
        with state.transaction(self._location) as connection:
            connection.execute(
                "INSERT INTO run_outcomes (run_id, stream, source, outcome, recorded_at) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (run_id, stream, source) DO UPDATE SET"
                " outcome = excluded.outcome, recorded_at = excluded.recorded_at",
                (self._run_id, stream, source, outcome, at.isoformat()),
            )

    def outcomes(self, stream: str | None = None) -> dict[tuple[str, str], str]:
        """By stream and source, of one stream or of all."""
        with state.reading(self._location) as connection:
            rows = connection.execute(
                "SELECT stream, source, outcome FROM run_outcomes WHERE run_id = ?", (self._run_id,)
            ).fetchall()
        return {(one, source): outcome for one, source, outcome in rows if stream in (None, one)}


def forget_runs(location: state.Location, before: datetime) -> None:
    """Delete what runs before a time told."""
    with state.transaction(location) as connection:
        connection.execute("DELETE FROM run_outcomes WHERE recorded_at < ?", (before.isoformat(),))
        connection.execute("DELETE FROM run_sources WHERE began_at < ?", (before.isoformat(),))
