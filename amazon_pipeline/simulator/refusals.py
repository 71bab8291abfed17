"""The answers with which Amazon says no, in Amazon's shape: ``{"errors": [{"code", "message", "details"}]}``.

Codes and texts: the models' ``Error`` definition, and what developers report (amzn/selling-partner-api-models#4122).
"""

from __future__ import annotations


class Refusal(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, code: str, message: str, details: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details

    @property
    def body(self) -> dict[str, object]:
        return {"errors": [{"code": self.code, "message": self.message, "details": self.details}]}


def invalid_input(parameter: str, problem: str) -> Refusal:
    """400 for a request that Amazon's model does not allow; the message names the parameter."""
    return Refusal(400, "InvalidInput", f"Invalid value for parameter {parameter}: {problem}", problem)


def denied(details: str = "") -> Refusal:
    """403. Empty details: the account may not; otherwise what is wrong with the access token."""
    return Refusal(403, "Unauthorized", "Access to requested resource is denied.", details)


def no_such_path() -> Refusal:
    """What the gateway says about a path it does not know."""
    return Refusal(403, "MissingAuthenticationToken", "Missing Authentication Token")


def not_found(what: str) -> Refusal:
    return Refusal(404, "NotFound", f"{what} was not found.")


def quota_exceeded() -> Refusal:
    """https://developer-docs.amazon.com/sp-api/docs/usage-plans-and-rate-limits."""
    return Refusal(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
