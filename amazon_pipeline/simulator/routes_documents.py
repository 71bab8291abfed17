"""The store that the reports are downloaded from: not the Selling Partner API but Amazon S3, with S3's manners.

A link is good for five minutes; after that, or with a changed signature, the answer is 403 with an XML body
(https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html). No access token is asked for.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import OrderedDict
from datetime import timedelta
from itertools import islice

from starlette.requests import Request
from starlette.responses import Response

from amazon_pipeline.simulator.clock import to_ms
from amazon_pipeline.simulator.operations import Seller
from amazon_pipeline.simulator.report_tables import SENTENCE, lines
from amazon_pipeline.simulator.reports import Report
from amazon_pipeline.simulator.tokens import BadToken

PATH = "/documents/{documentId}"
DOWNLOAD = "downloadDocument"
LINK_LIFE = timedelta(minutes=5)
KEPT_DOCUMENTS = 4
LINES_AT_ONCE = 500
"""So many lines are made before another request is looked after."""
CHARSETS = {None: "UTF-8", "windows-1252": "Windows-1252"}


class Documents:
    """Makes a document when it is downloaded, and keeps the latest few."""

    def __init__(self, seller: Seller) -> None:
        self._seller = seller
        self._made: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    async def answer(self, request: Request) -> Response:
        """The document, or S3's refusal."""
        document_id = request.path_params["documentId"]
        now = self._seller.world.clock()
        try:
            note = self._seller.notes.read("document", request.query_params.get("X-Amz-Signature", ""), now, LINK_LIFE)
        except BadToken as error:
            return denied_by_store("Request has expired" if str(error) == "has expired" else "Access Denied")
        report = self._seller.reports.of_document(document_id)
        if report is None or note["document"] != document_id:
            return denied_by_store("Access Denied")
        charset = CHARSETS.get(note["fault"] or report.fault, "UTF-8")
        headers = {"content-type": f"text/tab-separated-values;charset={charset}"}
        if note["encoded"]:
            headers["content-encoding"] = "gzip"
        return Response(await self._content(report, charset), headers=headers)

    async def _content(self, report: Report, charset: str) -> bytes:
        key = (report.report_id, charset)
        if key not in self._made:
            self._made[key] = await self._make(report, charset)
        self._made.move_to_end(key)
        while len(self._made) > KEPT_DOCUMENTS:
            self._made.popitem(last=False)
        return self._made[key]

    async def _make(self, report: Report, charset: str) -> bytes:
        packer = zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS)  # with the header and the end of a gzip file
        sentence = report.fault == "report-sentence"
        rows = iter((SENTENCE,)) if sentence else lines(self._seller.world, report.wish, to_ms(report.ended))
        parts = []
        while text := "".join(islice(rows, LINES_AT_ONCE)):
            parts.append(packer.compress(text.encode(charset)))
            await asyncio.sleep(0)
        return b"".join((*parts, packer.flush()))


def denied_by_store(message: str) -> Response:
    """S3's 403."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>AccessDenied</Code><Message>{message}</Message><RequestId>SIMULATED</RequestId></Error>"
    )
    return Response(body, 403, media_type="application/xml")
