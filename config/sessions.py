"""Sessions in the database."""

from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    """Looks up only keys that Django could have made: Postgres refuses a NUL in one."""

    def __init__(self, session_key=None):
        super().__init__(session_key if session_key and session_key.isalnum() else None)
