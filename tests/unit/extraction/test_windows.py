"""How far windows reach without a gap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from amazon_pipeline.extraction.windows import Window, contiguous_end

MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)


def at(hour: float) -> datetime:
    return MIDNIGHT + timedelta(hours=hour)


def test_nothing_is_known_before_the_first_window_is_read() -> None:
    assert contiguous_end(None, []) is None
    assert contiguous_end(None, [Window(at(5), at(6))]) is None


def test_windows_that_overlap_reach_as_far_as_the_last() -> None:
    windows = [Window(at(5), at(7)), Window(at(0), at(6), is_first=True), Window(at(7), at(8))]
    assert contiguous_end(None, windows) == at(8)


def test_a_window_behind_a_gap_waits_until_the_gap_is_read() -> None:
    behind = Window(at(8), at(9))
    assert contiguous_end(at(6), [behind]) == at(6)
    assert contiguous_end(at(6), [behind, Window(at(6), at(8))]) == at(9)


def test_a_window_inside_what_is_known_moves_nothing_back() -> None:
    assert contiguous_end(at(6), [Window(at(1), at(3))]) == at(6)
