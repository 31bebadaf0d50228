"""All settings, read from the environment once, here. docs/settings.md describes each variable."""

import os
import secrets
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import dj_database_url
from botocore.config import Config
from django.core.exceptions import ImproperlyConfigured

from config import embedded

BASE_DIR = embedded.BASE_DIR


def _env_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def _env_flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "true", "yes", "on"}


def _env_whole(name: str, default: int, least: int = 1) -> int:
    value = os.environ.get(name) or str(default)
    if not value.isascii() or not value.isdigit() or int(value) < least:
        raise ImproperlyConfigured(
            f"{name} must be a whole number of at least {least}, not “{value}”."
        )
    return int(value)


DATA_DIR = embedded.DATA_DIR


def _required(name: str, hint: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {hint}")
    return value


# With an external database this is a production site: what a demo may invent must be given.
DATABASE_URL = os.environ.get("DATABASE_URL", "")
IS_EMBEDDED = not DATABASE_URL
if IS_EMBEDDED:
    DATABASE_URL = embedded.database_url()
    REDIS_URL = os.environ.get("REDIS_URL") or embedded.redis_url()
else:
    REDIS_URL = _required("REDIS_URL", "All machines of a site share one Redis.")
DEBUG = _env_flag("DEBUG")


def _kept_secret_key() -> str:
    """Make a secret key for the embedded site once and keep it in DATA_DIR."""
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    path = DATA_DIR / "secret-key"
    try:
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return path.read_text()


if IS_EMBEDDED or DEBUG:
    SECRET_KEY = os.environ.get("SECRET_KEY") or _kept_secret_key()
    ALLOWED_HOSTS = _env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
else:
    SECRET_KEY = _required("SECRET_KEY", "Set it to a long random string and keep it secret.")
    _required("ALLOWED_HOSTS", "Set it to the site's host names, separated by commas.")
    ALLOWED_HOSTS = _env_list("ALLOWED_HOSTS")
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
# ".example.com" names all its subdomains here as well.
CSRF_TRUSTED_ORIGINS = [
    f"https://{'*' if host.startswith('.') else ''}{host}" for host in ALLOWED_HOSTS if host != "*"
]

INSTALLED_APPS = [
    "gallery",
    "embeddings",
    "search",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "gallery.middleware.PageCache",
    "django.middleware.security.SecurityMiddleware",
    "config.compression.CompressTexts",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.languages.LanguageMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.refusals.RefusedMethodMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "gallery.context.site",
            ],
        },
    }
]

DATABASES = {
    "default": dj_database_url.parse(DATABASE_URL, conn_max_age=60, conn_health_checks=True)
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_TIMEOUT_SECONDS = 0.2
CACHES = {
    "default": {
        "BACKEND": "config.cache.BreakerRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "pictures",
        "OPTIONS": {
            "SOCKET_CONNECT_TIMEOUT": REDIS_TIMEOUT_SECONDS,
            "SOCKET_TIMEOUT": REDIS_TIMEOUT_SECONDS,
        },
    }
}

METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")
PAGE_TTL_SECONDS = _env_whole("PAGE_TTL_SECONDS", 60, least=0)  # 0: no page is kept

# What is taken, and what decoding a picture may cost.
MAX_UPLOAD_MB = _env_whole("MAX_UPLOAD_MB", 200)
MAX_MEGAPIXELS = _env_whole("MAX_MEGAPIXELS", 120)
MAX_METADATA_MB = _env_whole("MAX_METADATA_MB", 16)
DECODE_SECONDS = _env_whole("DECODE_SECONDS", 40)
DECODE_MEMORY_MB = _env_whole("DECODE_MEMORY_MB", 580)

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "index"
CELERY_TASK_ROUTES = {
    "gallery.process_pixels": {"queue": "pixels"},
    "gallery.tidy_files": {"queue": "index"},
    "gallery.finish_uploads": {"queue": "index"},
    "gallery.publish_due": {"queue": "index"},
    "gallery.refresh_pages": {"queue": "index"},
    "gallery.sweep": {"queue": "index"},
    "embeddings.encode_query": {"queue": "queries"},
    "embeddings.encode_picture": {"queue": "queries"},
    "embeddings.load_models": {"queue": "queries"},
    "embeddings.encode_vectors": {"queue": "vectors"},
    "search.index_documents": {"queue": "index"},
}
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# Decoding has a process and a limit of its own; metadata and storage have what is left.
PIXELS_TIME_LIMIT_SECONDS = DECODE_SECONDS + 20
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 600_000  # KiB
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_DB_REUSE_MAX = 1000  # tasks; a connection costs as much as what most of them ask of it
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
# Nudges: two beats, or a message more, change nothing.
NUDGED_EACH_MINUTE = (
    "gallery.publish_due",
    "gallery.process_pixels",
    "gallery.tidy_files",
    "gallery.finish_uploads",
    "embeddings.load_models",
    "embeddings.encode_vectors",
    "search.index_documents",
)
CELERY_BEAT_SCHEDULE = {
    name: {"task": name, "schedule": 60.0, "options": {"expires": 55}}
    for name in NUDGED_EACH_MINUTE
}
if PAGE_TTL_SECONDS:
    CELERY_BEAT_SCHEDULE["gallery.refresh_pages"] = {
        "task": "gallery.refresh_pages",
        "schedule": PAGE_TTL_SECONDS / 2,
        "options": {"expires": PAGE_TTL_SECONDS / 2},
    }

# --- Files: folders in DATA_DIR, or S3 -----------------------------------------------------
CDN_URL = os.environ.get("CDN_URL", "").rstrip("/")
CDN_PURGE_URL = os.environ.get("CDN_PURGE_URL", "")
CDN_PURGE_TOKEN = os.environ.get("CDN_PURGE_TOKEN", "")
STORAGE_URL = os.environ.get("STORAGE_URL", "")
IMMUTABLE = "public, max-age=31536000, immutable"


def _s3_options() -> dict | None:
    """Read the S3 settings from STORAGE_URL or the AWS_* variables; None means folders.

    STORAGE_URL: `s3://KEY:SECRET@HOST/PUBLIC_BUCKET/PRIVATE_BUCKET?region=auto&scheme=https`.
    """
    if STORAGE_URL.startswith("s3://"):
        url = urlsplit(STORAGE_URL)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        buckets = url.path.strip("/").split("/")
        if len(buckets) != 2:
            raise ImproperlyConfigured(
                "STORAGE_URL needs a public and a private bucket: "
                "s3://KEY:SECRET@HOST/PUBLIC_BUCKET/PRIVATE_BUCKET"
            )
        host = url.hostname + (f":{url.port}" if url.port else "")
        return {
            "access_key": url.username,
            "secret_key": url.password,
            "endpoint_url": f"{query.get('scheme', 'https')}://{host}",
            "region_name": query.get("region", "auto"),
            "buckets": buckets,
        }
    public_bucket = os.environ.get("AWS_STORAGE_BUCKET_NAME")
    if not public_bucket:
        return None
    hint = "Originals and private photos need a bucket that nobody can read without a signature."
    return {
        "access_key": os.environ.get("AWS_ACCESS_KEY_ID"),
        "secret_key": os.environ.get("AWS_SECRET_ACCESS_KEY"),
        "endpoint_url": os.environ.get("AWS_S3_ENDPOINT_URL"),
        # R2 has one region, "auto"; AWS has many, and boto3 ways of its own to learn which.
        "region_name": os.environ.get("AWS_S3_REGION_NAME")
        or ("auto" if os.environ.get("AWS_S3_ENDPOINT_URL") else None),
        "buckets": [public_bucket, _required("AWS_PRIVATE_BUCKET_NAME", hint)],
    }


def _file_storages() -> dict:
    root = Path(STORAGE_URL.removeprefix("file://")) if STORAGE_URL else DATA_DIR / "media"
    backend = "django.core.files.storage.FileSystemStorage"
    private = {"BACKEND": backend, "OPTIONS": {"location": root / "private"}}
    private["OPTIONS"]["allow_overwrite"] = True  # making a rendition twice is harmless
    public = {"location": root / "public", "base_url": f"{CDN_URL}/media/"}
    public["allow_overwrite"] = True
    return {
        "originals": private,
        "private_renditions": private,
        "renditions": {"BACKEND": backend, "OPTIONS": public},
    }


def _s3_storages(options: dict) -> dict:
    backend = "storages.backends.s3.S3Storage"
    public_bucket, private_bucket = options.pop("buckets")
    # Bounded below the time limit of a pixel worker: a hung storage must not look like a picture
    # that is too much for it.
    client_config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        connect_timeout=3,
        read_timeout=10,
        retries={"total_max_attempts": 2},
    )
    # A large file on its way waits on disk: by default, all of it stands in memory.
    common = options | {"client_config": client_config, "max_memory_size": 5 * 2**20}
    private = {
        "BACKEND": backend,
        "OPTIONS": common
        | {"bucket_name": private_bucket, "querystring_auth": True, "querystring_expire": 3600},
    }
    public = common | {
        "bucket_name": public_bucket,
        "querystring_auth": False,
        "object_parameters": {"CacheControl": IMMUTABLE},
    }
    if CDN_URL:
        cdn = urlsplit(CDN_URL)
        public |= {"custom_domain": cdn.netloc + cdn.path, "url_protocol": f"{cdn.scheme}:"}
    return {
        "originals": private,
        "private_renditions": private,
        "renditions": {"BACKEND": backend, "OPTIONS": public},
    }


_s3 = _s3_options()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
} | (_s3_storages(_s3) if _s3 else _file_storages())

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_MANIFEST_STRICT = False
if IS_EMBEDDED or DEBUG:  # no collectstatic step between a clone and its first page
    STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage",
    }
    STATIC_ROOT = None
    WHITENOISE_USE_FINDERS = True
    WHITENOISE_AUTOREFRESH = DEBUG

# --- Embeddings and search -----------------------------------------------------------------
EMBEDDING_PROFILES = {
    "clip": {
        "image_model": "sentence-transformers/clip-ViT-B-32",
        "text_model": "sentence-transformers/clip-ViT-B-32-multilingual-v1",
    },
    "siglip2": {
        "image_model": "google/siglip2-base-patch16-224",
        "text_model": "google/siglip2-base-patch16-224",
    },
    "demo": {
        "image_model": str(BASE_DIR / "embeddings/demo_model/model"),
        "text_model": str(BASE_DIR / "embeddings/demo_model/model"),
    },
}
EMBEDDING_PROFILE = os.environ.get("EMBEDDING_PROFILE") or "clip"
EMBEDDING_PROFILE_IS_SET = bool(os.environ.get("EMBEDDING_PROFILE"))
SEARCH_LANGUAGES = _env_list("SEARCH_LANGUAGES", "en,de,fr,es,zh")

# --- Uploads: larger files go to a temporary file, never to memory -------------------------
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
DATA_UPLOAD_MAX_NUMBER_FILES = 1000
UPLOAD_PIECE_BYTES = _env_whole("UPLOAD_PIECE_MB", 8) * 2**20
UPLOAD_LIFETIME = timedelta(days=_env_whole("UPLOAD_DAYS", 7))
# What one photographer may have on its way.
UPLOAD_OPEN_FILES = _env_whole("UPLOAD_OPEN_FILES", 1000)
UPLOAD_OPEN_BYTES = _env_whole("UPLOAD_OPEN_MB", 20_480) * 2**20

# --- API -----------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_RATES": {
        "anonymous": f"{_env_whole('API_ANONYMOUS_PER_MINUTE', 6000)}/minute",
        "token": f"{_env_whole('API_TOKEN_PER_MINUTE', 6000)}/minute",
    },
    "EXCEPTION_HANDLER": "config.problems.problem_response",
    # A site of its own is asked directly; in production a proxy stands in front.
    "NUM_PROXIES": _env_whole("NUM_PROXIES", 0 if IS_EMBEDDED else 1, least=0),
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Pictures",
    "VERSION": "1",
    "DESCRIPTION": "Photos and albums of this gallery. Anyone reads what is listed; a "
    "photographer's token, made in the admin, uploads and edits what is theirs.",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_PATCH": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": ["config.schema.tidied"],
}
if CORS_ALLOWED_ORIGINS := _env_list("CORS_ALLOWED_ORIGINS"):
    # Only where it is wanted: it makes answers vary by Origin.
    MIDDLEWARE.insert(0, "corsheaders.middleware.CorsMiddleware")
    INSTALLED_APPS.append("corsheaders")
    CORS_URLS_REGEX = r"^/api/"
    CORS_ALLOW_HEADERS = ["authorization", "content-type", "if-match", "if-none-match"]
    CORS_EXPOSE_HEADERS = ["etag", "location", "retry-after"]
    if CORS_ALLOWED_ORIGINS == ["*"]:
        CORS_ALLOWED_ORIGINS, CORS_ALLOW_ALL_ORIGINS = [], True

LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("zh-hans", "简体中文"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"
SESSION_ENGINE = "config.sessions"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"


def _origins_of_pictures() -> list[str]:
    """Return the other hosts that renditions come from: the CDN, or the storage itself."""
    if not CDN_URL and not _s3:
        return []
    url = urlsplit(CDN_URL or _s3["endpoint_url"] or "https://*.amazonaws.com")
    return [f"{url.scheme}://{url.netloc}"]


CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", *_origins_of_pictures()],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {name: {"level": "WARNING"} for name in ("pyvips", "sentence_transformers", "PIL")},
}
