"""The durable event log: the sync and the sensors write it, the SSE endpoint reads it."""

from amazon_pipeline.events.log import LOW_STOCK_ALERT, SYNC_COMPLETED, SYNC_ERROR, SYNC_STARTED, Event, EventLog

__all__ = ["LOW_STOCK_ALERT", "SYNC_COMPLETED", "SYNC_ERROR", "SYNC_STARTED", "Event", "EventLog"]
