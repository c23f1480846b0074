"""Records between the vault and its courier: the egress process that carries notices out.

An address of a person is content here: it is never said in words and never in a journal.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

import msgspec

from echoless.crossing.records import Code, Name, Record

_Text = Annotated[str, msgspec.Meta(max_length=64 * 1024)]


class SendMail(Record, frozen=True):
    """Hands one message to the mail server. Content. Answered by MailSent.

    message_id: ours, the same at every attempt
    """

    KIND: ClassVar[int] = 480
    IS_CONTENT: ClassVar[bool] = True
    address: Name
    subject: Name
    text: _Text
    message_id: Code


class MailSent(Record, frozen=True):
    """How that ended.

    error_code: empty where the server has taken it
    is_final:   whether another attempt would change nothing
    """

    KIND: ClassVar[int] = 481
    error_code: Code
    is_final: bool = False


COURIER_RECORDS: Final[tuple[type[Record], ...]] = (SendMail, MailSent)
"""Between the vault and its courier, besides webhooks."""
