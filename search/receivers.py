"""Answer gallery's one announcement by nudging the index queue."""

from django.dispatch import receiver

from gallery.nudge import nudge
from gallery.signals import photo_changed
from search import tasks


@receiver(photo_changed)
def nudge_index(sender, **kwargs):
    nudge(tasks.index_documents)
