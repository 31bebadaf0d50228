"""Answer gallery's one announcement by nudging the vectors queue."""

from django.dispatch import receiver

from embeddings import tasks
from gallery.nudge import nudge
from gallery.signals import photo_changed


@receiver(photo_changed)
def nudge_vectors(sender, **kwargs):
    nudge(tasks.encode_vectors)
