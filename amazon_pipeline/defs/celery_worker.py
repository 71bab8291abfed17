"""Celery's app for the workers: ``celery -A amazon_pipeline.defs.celery_worker worker`` takes the steps of runs.

It reads the settings when it is loaded, as Celery wants it; nothing else imports it.
"""

from __future__ import annotations

from dagster_celery.make_app import make_app
from dagster_celery.tasks import create_task

from amazon_pipeline.defs.executors import celery_config
from amazon_pipeline.settings import load_settings

app = make_app(celery_config(load_settings()))
execute_plan = create_task(app)
