"""How gunicorn runs the site: found by itself in the folder it is started in."""

import os

limit_request_line = 8190  # bytes; the longest query, 500 characters, is 6000 percent-encoded
# Dictionaries and the query tower are loaded once, and the processes share their memory.
preload_app = True
threads = 8  # of a process: who waits for storage or a slow line holds nobody up


def when_ready(server):
    """Warm up once the application is loaded, before the first process is forked."""
    from embeddings import towers  # settings can be read from here on
    from search import dictionary

    dictionary.warm()
    towers.warm()


def post_worker_init(worker):
    from embeddings import towers

    towers.start_loading()


def worker_exit(server, worker):
    """End a forked process at once.

    Libraries that the parent has loaded would first wait for threads that stayed there, and abort.
    """
    from config import counts

    counts.flush()
    if worker.booted:
        os._exit(0)
