"""Amazon's pages as it sent them, less personal data: immutable files that everything else can be rebuilt from."""

from amazon_pipeline.landing.batches import Batch, LandedPage, Landing, Manifest

__all__ = ["Batch", "LandedPage", "Landing", "Manifest"]
