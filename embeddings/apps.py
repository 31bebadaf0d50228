from django.apps import AppConfig


class EmbeddingsConfig(AppConfig):
    name = "embeddings"

    def ready(self):
        from embeddings import checks, receivers  # noqa: F401
