"""A run as one HTML page: numbers, plots, and a browser of its lessons. It opens offline."""

from master_autogen.report.page import ReportResult, report

__all__ = ["ReportResult", "report"]
