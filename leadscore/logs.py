"""What the log leaves out."""

import logging


def told_briefly(record: logging.LogRecord) -> bool:
    """A filter: of an answer that is the visitor's doing (403, 404, …) the line is kept, its traceback is not."""
    if 400 <= getattr(record, "status_code", 500) < 500:
        record.exc_info = record.exc_text = None
    return True
