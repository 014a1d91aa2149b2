"""Log lines: one JSON object each, on stderr, from our own code and from libraries alike."""

import logging
import sys

import orjson
import structlog
from structlog.typing import EventDict, Processor


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        structlog.processors.UnicodeDecoder(),
        _without_colours,
    ]


def _without_colours(_: object, __: str, event: EventDict) -> EventDict:
    # uvicorn repeats its messages with escape codes.
    event.pop("color_message", None)
    return event


def _as_json(event: EventDict, **_: object) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def configure_logs(level: str) -> None:
    """Set up logging for this process; called once, by its `__main__`."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_shared(),
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_as_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # These tell at INFO what metrics already count.
    for chatty in (
        "httpx",
        "httpcore",
        "httpx2",
        "httpcore2",
        "aiormq",
        "picows",
        "temporalio.activity",
    ):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))
