"""Receipts of requests, and the transparency log as the static files that it is.

A receipt is for who may read the workspace; the log and the public keys are for everybody, without a key.
source: the wire contract, zero retention; C2SP tlog-tiles for the log's paths
"""

from __future__ import annotations

import base64
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.receipt_records import (
    GetProofKeys,
    GetReceipt,
    LogFile,
    ProofKeys,
    ReadLogFile,
    ReceiptView,
)
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.routing import Route

_LOG: Final = "/v1/transparency-log"
_TEXT: Final = "text/plain; charset=utf-8"
_BYTES: Final = "application/octet-stream"
_AWAY: Final = "The log cannot be read at this moment."


async def show_receipt(call: Call) -> None:
    """Show the receipt of a request with its place in the log."""
    view = await call.open_ticket.ask(GetReceipt(call.path_id(0)))
    assert isinstance(view, ReceiptView)
    inclusion = None
    if view.checkpoint:
        inclusion = {
            "index": view.index,
            "checkpoint": view.checkpoint,
            "proof": [_base64(part) for part in view.proof],
        }
    await call.answer({"receipt": view.signed, "salt": _base64(view.salt), "inclusion": inclusion})


async def show_keys(call: Call) -> None:
    """Show the keys whose signatures are to be believed."""
    keys = await call.services.vault.ask(GetProofKeys())
    if not isinstance(keys, ProofKeys):
        raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, _AWAY)
    await call.answer(
        {
            "keys": keys.receipt_keys,
            "log_key": keys.log_key,
            "log_keys": keys.log_keys,
            "private_keys": {"memory": keys.memory, "at_rest": keys.at_rest},
        }
    )


async def show_checkpoint(call: Call) -> None:
    """Show the newest signed state of the log."""
    await call.answer_bytes(await _file(call, "checkpoint"), _TEXT.encode("ascii"))


async def show_tile(call: Call) -> None:
    """Show one file of hashes or entries."""
    depth = call.endpoint.template.count("{")
    path = "/".join(("tile", *(call.path_id(index) for index in range(depth))))
    await call.answer_bytes(await _file(call, path), _BYTES.encode("ascii"))


async def _file(call: Call, path: str) -> bytes:
    found = await call.services.vault.ask(ReadLogFile(path))
    if not isinstance(found, LogFile):
        raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, _AWAY)
    return found.data


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _tiles(depth: int) -> Route:
    parts = "".join(f"/{{part{number}}}" for number in range(1, depth + 1))
    summary = "Show a file of the transparency log"
    return Route(f"GET {_LOG}/tile{parts}", show_tile, summary, media_types=(_BYTES,), is_public=True)


ROUTES: Final = (
    Route("GET /v1/workspace/zero-retention/receipts/{request}", show_receipt, "Show the receipt of a request"),
    Route(f"GET {_LOG}/keys", show_keys, "Show the public keys of receipts and log", is_public=True),
    Route(
        f"GET {_LOG}/checkpoint",
        show_checkpoint,
        "Show the newest signed state of the transparency log",
        media_types=(_TEXT.partition(";")[0],),
        is_public=True,
    ),
    *(_tiles(depth) for depth in range(2, 7)),
)
