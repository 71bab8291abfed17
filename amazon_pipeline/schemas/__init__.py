"""What every table means. Each column is described here once; DDL, comments, checks and docs are made from it."""

from amazon_pipeline.schemas.mart import MART_TABLES
from amazon_pipeline.schemas.staging import STAGING_TABLES
from amazon_pipeline.schemas.table import Column, Table

__all__ = ["MART_TABLES", "STAGING_TABLES", "Column", "Table"]
