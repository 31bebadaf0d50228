"""The Celery application. Tasks are nudges; the database is the queue."""

import os
from pathlib import Path

from celery import Celery
from celery.signals import beat_init, celeryd_init, task_prerun, worker_ready
from django.db import close_old_connections

from config import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
embedded.acquire()

app = Celery("pictures")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# A process that only sends nudges never waits for a hung broker.
app.conf.broker_connection_timeout = 0.2
app.conf.broker_transport_options = {"socket_timeout": 0.2, "socket_connect_timeout": 0.2}


@celeryd_init.connect
@beat_init.connect
def wait_for_the_broker(**kwargs):
    """Let workers and beat wait: they hold a blocking read on the broker."""
    app.conf.broker_connection_timeout = 4.0
    app.conf.broker_transport_options = {"socket_keepalive": True, "health_check_interval": 25}


@beat_init.connect
def make_a_place_for_the_schedule(**kwargs):
    Path(app.conf.beat_schedule_filename).parent.mkdir(parents=True, exist_ok=True)


@worker_ready.connect
def take_up_what_is_due(**kwargs):
    """Finish what was cut off, and load the model, as soon as a worker starts."""
    app.send_task("gallery.sweep")


@task_prerun.connect
def renew_connections(**kwargs):
    """Let a task find its database connection as a request does: kept, unless it broke."""
    close_old_connections()
