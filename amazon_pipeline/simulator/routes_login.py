"""Login with Amazon's token endpoint.

https://developer-docs.amazon.com/sp-api/docs/connecting-to-the-selling-partner-api and
https://developer.amazon.com/docs/login-with-amazon/authorization-code-grant.html (errors).
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from amazon_pipeline.simulator import account
from amazon_pipeline.simulator.tokens import ACCESS_LIFE

FIELDS = ("grant_type", "refresh_token", "client_id", "client_secret")


class LoginRefused(Exception):
    """``{"error", "error_description"}`` with the status that Login with Amazon gives it."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}


def check_login(content_type: str, body: bytes) -> None:
    """Raise what Login with Amazon answers, unless the form asks rightly for an access token."""
    if not content_type.startswith("application/x-www-form-urlencoded"):
        raise LoginRefused(400, "invalid_request", "Content-Type must be application/x-www-form-urlencoded")
    form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    for field in FIELDS:
        if field == "refresh_token" and form.get("grant_type", "refresh_token") != "refresh_token":
            break
        if not form.get(field):
            raise LoginRefused(400, "invalid_request", f"The request is missing a required parameter : {field}")
    if form["grant_type"] != "refresh_token":
        raise LoginRefused(
            400, "unsupported_grant_type", "The authorization grant type is not supported by the authorization server"
        )
    if form["client_id"] != account.APP_ID or form["client_secret"] != account.CLIENT_SECRET:
        raise LoginRefused(401, "invalid_client", "Client authentication failed")
    if form["refresh_token"] == account.FOREIGN_REFRESH_TOKEN:
        raise LoginRefused(400, "unauthorized_client", "Not authorized for requested operation")
    if form["refresh_token"] != account.REFRESH_TOKEN:
        raise LoginRefused(
            400,
            "invalid_grant",
            "The request has an invalid grant parameter : refresh_token. User may have revoked or didn't grant the "
            "permission.",
        )


def login_answer(access_token: str) -> dict[str, object]:
    """The answer to a right request."""
    return {
        "access_token": access_token,
        "token_type": "bearer",
        "expires_in": int(ACCESS_LIFE.total_seconds()),
        "refresh_token": account.REFRESH_TOKEN,
    }
