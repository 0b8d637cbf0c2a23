"""The HTTP API: the answers of the service as JSON and CSV, under ``/api/v1``."""

from dashboard.api.routes import register

__all__ = ["register"]
