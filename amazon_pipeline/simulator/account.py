"""The demo credentials: constants that open nothing but this simulator."""

from __future__ import annotations

REFRESH_TOKEN = "Atzr|demo-refresh-token-of-the-simulated-seller"  # noqa: S105 - opens only the simulator
APP_ID = "amzn1.application-oa2-client.demo0simulated0seller0000000000"
CLIENT_SECRET = "amzn1.oa2-cs.v1.demo-secret-of-the-simulated-application"  # noqa: S105 - opens only the simulator
SELLER_ID = "A3SIMULATEDDEMO"
STORE_NAME = "Northmill Coffee & Kitchen (simulated)"

FOREIGN_REFRESH_TOKEN = "Atzr|demo-refresh-token-given-to-another-application"  # noqa: S105 - opens nothing at all
"""A well-formed refresh token that the application may not use: Login with Amazon says unauthorized_client."""


def environment(base_url: str) -> dict[str, str]:
    """The environment variables with which the product talks to a simulator at ``base_url``."""
    return {
        "AMAZON_REFRESH_TOKEN": REFRESH_TOKEN,
        "AMAZON_LWA_APP_ID": APP_ID,
        "AMAZON_LWA_CLIENT_SECRET": CLIENT_SECRET,
        "AMAZON_SELLER_ID": SELLER_ID,
        "AMAZON_REGION": "us-east-1",
        "AMAZON_SP_API_ENDPOINT": base_url,
        "AMAZON_LWA_ENDPOINT": f"{base_url}/auth/o2/token",
    }
