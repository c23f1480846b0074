"""(queries) Kept transcripts of speech to text: deleted by their owner. Reading them is streamed, see `audio`."""

from __future__ import annotations

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import is_opaque_id
from echoless.crossing.kept_records import DeleteTranscript
from echoless.crossing.query_records import Done
from echoless.vault.queries.audio import NO_TRANSCRIPT
from echoless.vault.queries.reading import DeleteItem
from echoless.vault.stores.accounts import Caller


class TranscriptQueries:
    """Answers questions about transcripts."""

    def __init__(self, delete_transcript: DeleteItem) -> None:
        self._delete_transcript = delete_transcript

    async def delete(self, caller: Caller, record: DeleteTranscript) -> Done:
        """Delete a transcript with its recording.

        raises: EcholessError(TRANSCRIPT_NOT_FOUND), also the second time
        """
        name = record.transcript_id
        if not is_opaque_id(name) or not await self._delete_transcript(caller.workspace_id, name, caller.key_id):
            raise EcholessError(ErrorCode.TRANSCRIPT_NOT_FOUND, NO_TRANSCRIPT.message)
        return Done()
