#!/usr/bin/env python
"""Run a management command, with the embedded servers unless others are configured."""

import os
import sys

from config import embedded

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        embedded.acquire()
        if embedded.is_used():
            embedded.migrate()
    except embedded.EmbeddedServerError as error:
        sys.exit(str(error))

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
