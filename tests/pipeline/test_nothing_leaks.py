"""Personal data that Amazon sends unasked, and our own secrets, reach no file, no table and no log."""

from __future__ import annotations

import gzip
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.seller import Answer, running_seller

PLANTED = "Jane Q Doe"


def plant(value: Any) -> Any:
    """A person in each object of an answer, under names Amazon uses and under one it may use tomorrow."""
    if isinstance(value, list):
        return [plant(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    person = {"name": PLANTED, "addressLine1": PLANTED, "phone": PLANTED}
    return {
        **{key: plant(entry) for key, entry in value.items()},
        "buyer": {"buyerName": PLANTED, "buyerEmail": f"{PLANTED}@example.com"},
        "recipient": {"deliveryAddress": person},
        "ShipFromAddress": {"Name": PLANTED},
        "aFieldOfTomorrow": PLANTED,
    }


def test_planted_persons_and_our_secrets_are_found_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with running_seller(tmp_path, fault=lambda _path, _headers: None, quota_speed=1000) as seller:

        def spoil(path: str, answer: Answer) -> Answer:
            if path.startswith(("/auth/", "/documents/")) or answer[0] != 200:
                return answer
            return answer[0], answer[1], json.dumps(plant(json.loads(answer[2]))).encode()

        seller.spoil = spoil
        assert seller.sync().success
        secrets = [
            seller.settings.refresh_token,
            seller.settings.lwa_client_secret,
        ]
        needles = [PLANTED, "Atza|", *(secret.get_secret_value() for secret in secrets if secret)]
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert len(files) > 5
        for path in files:
            content = path.read_bytes()
            text = gzip.decompress(content) if path.suffix == ".gz" else content
            for needle in needles:
                assert needle.encode() not in text, path.name
        said = caplog.text + "".join(str(progress) for progress in seller.progress)
        assert said
        for needle in needles:
            assert needle not in said
        assert seller.rows("SELECT count(*) > 100 FROM mart.orders") == [(True,)]
