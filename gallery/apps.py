from django.apps import AppConfig


class GalleryConfig(AppConfig):
    name = "gallery"

    def ready(self):
        from django.db.models.signals import post_delete, post_save

        from gallery import converters, signals  # noqa: F401

        for name in ("Album", "AlbumPhoto", "Page", "Photographer", "Site", "Tag"):
            post_save.connect(signals.row_saved, sender=f"gallery.{name}")
            post_delete.connect(signals.row_saved, sender=f"gallery.{name}")
