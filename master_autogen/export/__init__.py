"""From the log to trainers: the selected episode of every accepted lesson, as one row of a training format.

>>> export(open_log("outputs/log.db"), None, "sharegpt", Path("train.jsonl")).rows     # doctest: +SKIP
512

A format is one pure function from a `Sample` to a row, and a line in `FORMATS`.
"""

from master_autogen.export.formats import FORMATS, Format
from master_autogen.export.run import ExportResult, Options, export
from master_autogen.export.sample import Refused, Sample, SampleTurn, make_sample

__all__ = ["FORMATS", "ExportResult", "Format", "Options", "Refused", "Sample", "SampleTurn", "export", "make_sample"]
