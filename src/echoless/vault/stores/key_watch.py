"""Notices that keys were destroyed, whoever destroyed them: whatever holds copies of keys must forget them too."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


class KeyWatch:
    """Counts the statements that deleted from the database of keys.

    count: may only be compared with itself; it counts a statement before the transaction of it has ended
    """

    def __init__(self, keys: sa.Engine) -> None:
        self.count = 0
        sa.event.listen(keys, "after_cursor_execute", self._note)

    def _note(self, _connection: sa.Connection, _cursor: Any, statement: str, *_rest: object) -> None:
        if statement.lstrip()[:6].upper() == "DELETE":
            self.count += 1
