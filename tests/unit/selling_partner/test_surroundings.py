"""Nothing leaks in from the environment, and nothing secret leaks out into a log or message."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from amazon_pipeline.errors import CredentialsMissing, SellingPartnerError
from amazon_pipeline.selling_partner.client import open_selling_partner
from amazon_pipeline.selling_partner.operations import SEARCH_ORDERS
from amazon_pipeline.settings import Settings
from tests.unit.selling_partner.fake_amazon import CLIENT_SECRET, REFRESH_TOKEN, TOKEN_PATH, Reply

ONE_CALL = """
import sys
from amazon_pipeline.selling_partner.client import open_selling_partner
from amazon_pipeline.selling_partner.inventory import inventory_snapshot
from amazon_pipeline.settings import Settings
settings = Settings(_env_file=None)
with open_selling_partner(settings) as client:
    (page,) = inventory_snapshot(client, "A2EUQ1WTGCTBG2")
print(page.rows)
"""


def test_neither_the_librarys_variables_nor_its_configuration_file_matter(amazon, tmp_path: Path):
    """SP_API_DEFAULT_MARKETPLACE overrides what is passed, or stops the import; confuse searches the home directory."""
    config = tmp_path / "config" / "python-sp-api"
    config.mkdir(parents=True)
    (config / "credentials.yml").write_text("default:\n  refresh_token: wrong\n  lwa_app_id: wrong\n")
    amazon.replies = [Reply(body={"payload": {"inventorySummaries": [{"sellerSku": "a"}]}})]
    strange = {
        "SP_API_DEFAULT_MARKETPLACE": "NOWHERE",
        "AWS_ENV": "NONSENSE",
        "SP_API_AUTH_CACHE_TTL": "x",
        "LWA_APP_ID": "wrong",
        "LWA_CLIENT_SECRET": "wrong",
        "SP_API_REFRESH_TOKEN": "wrong",
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "HTTP_PROXY": "http://127.0.0.1:1",
        "ALL_PROXY": "http://127.0.0.1:1",
    }
    ours = {
        "AMAZON_REFRESH_TOKEN": REFRESH_TOKEN,
        "AMAZON_LWA_APP_ID": "amzn1.application-oa2-client.app-1",
        "AMAZON_LWA_CLIENT_SECRET": CLIENT_SECRET,
        "AMAZON_SELLER_ID": "A1SELLER",
        "AMAZON_SP_API_ENDPOINT": amazon.url,
        "AMAZON_LWA_ENDPOINT": amazon.url + TOKEN_PATH,
        "AMAZON_DATA_DIR": str(tmp_path / "data"),
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ONE_CALL],
        env=os.environ | strange | ours,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "[{'sellerSku': 'a'}]", done.stderr
    assert amazon.token_requests[0].form["client_id"] == ours["AMAZON_LWA_APP_ID"]
    assert amazon.requests[0].query["marketplaceIds"] == "A2EUQ1WTGCTBG2"


def test_importing_the_client_does_not_import_the_library():
    code = "import sys, amazon_pipeline.selling_partner.client; sys.exit('sp_api' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_session_cannot_be_opened_without_credentials(tmp_path: Path):
    settings = Settings(_env_file=None, AMAZON_DATA_DIR=tmp_path / "data")
    settings = settings.model_copy(update={"refresh_token": None})
    with pytest.raises(CredentialsMissing, match="AMAZON_REFRESH_TOKEN"):
        open_selling_partner(settings)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "replies",
    [
        [Reply(body={"orders": [], "pagination": {"nextToken": "page-S3CRET-3"}}), Reply(body={"orders": []})],
        [Reply(400, {"errors": [{"code": "InvalidInput", "message": "bad Atza|access-S3CRET-1"}]})],
        [Reply(403, {"errors": [{"code": "Unauthorized", "details": "access token Atza|access-S3CRET-1 expired"}]})],
        [
            Reply(body={"orders": [], "pagination": {"nextToken": "page-S3CRET-3"}}),
            Reply(400, {"errors": [{"code": "InvalidInput", "message": "bad page-S3CRET-3"}]}),
        ],
        [Reply(500, b"Atza|access-S3CRET-1")],
        [Reply(302, b"", {"Location": "http://127.0.0.1/?X-Amz-Signature=S3CRET"})],
        [Reply(fault="reset")],
        [Reply(fault="truncate", body={"x": 1})],
    ],
)
@pytest.mark.parametrize("logged_in", [True, False])
def test_no_secret_reaches_a_log_or_an_error(amazon, connect, caplog, replies, logged_in):
    caplog.set_level(logging.DEBUG)
    amazon.replies = list(replies)
    if not logged_in:
        amazon.token_replies = [Reply(401, {"error": "invalid_client", "error_description": "S3CRET"})]
    told = ""
    progress = []
    client = connect(on_progress=progress.append)
    try:
        list(client.pages(SEARCH_ORDERS, {"marketplaceIds": "M"}))
    except SellingPartnerError as error:
        told = "".join(traceback.format_exception(error))
    logged = "".join(f"{record.getMessage()} {record.args}" for record in caplog.records)
    assert "S3CRET" not in logged + told + repr(progress) + repr(vars(client)) + repr(vars(client._login))
