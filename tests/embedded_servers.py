"""Bring Postgres and Redis of the tests' own before Django's settings are read."""

import atexit
import os

from config import temporary

folder = temporary.make_folder("pictures-tests-")
atexit.register(lambda: embedded.remove_when_stopped(folder))
temporary.point_at(folder, os.environ)

from config import embedded  # noqa: E402 (it reads the environment)

embedded.acquire()
