"""Settings: one file, read from the environment. docs/operating.md lists every variable."""

import os
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from leadscore import embedded
from leadscore.admin_look import UNFOLD as UNFOLD
from leadscore.env import env, public_url, secret_key
from leadscore.logs import told_briefly

# One thread for numpy in each process: threads of many workers would wait for each other. Read when numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = embedded.data_dir()

# --- Safety ---------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = secret_key(DATA_DIR)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts this installation answers to; * is refused.")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Behind TLS set HTTPS=1: cookies become Secure, plain HTTP redirects, HSTS is sent. Without it the program is for
# this machine only, and `manage.py up` refuses to listen on any other address.
HTTPS = env.bool("HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrftoken"
SESSION_COOKIE_AGE = 12 * 3600
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=3600) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # browsers forget a preloaded host only after months: who wants it, opts in
SECURE_REDIRECT_EXEMPT = [r"^health/"]  # asked from inside, past the proxy that ends TLS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if env.bool("TRUST_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# --- Apps -----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "leadscore",
    "reports",
    "scoring",
    "leads",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_filters",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "leadscore.middleware.AdminPolicyMiddleware",
    "leadscore.middleware.AdminMethodsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "leadscore.middleware.UploadLimitMiddleware",
    "leadscore.middleware.TimeZoneMiddleware",
    "leadscore.middleware.SignInAgainMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "leads.moved.MergedLeadsMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "leadscore.middleware.NoStoreMiddleware",
]

ROOT_URLCONF = "leadscore.urls"
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
                "leads.context.navigation",
            ],
            "builtins": ["leads.templatetags.ui"],
        },
    }
]
WSGI_APPLICATION = "leadscore.wsgi.application"

# --- Data -----------------------------------------------------------------------------------------
DATABASES = {"default": embedded.database(DATA_DIR) | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("leadscore runs on PostgreSQL only: DATABASE_URL must start with postgres://")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = embedded.redis_url(DATA_DIR)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "leadscore",
    }
}

MEDIA_ROOT = DATA_DIR / "files"
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
IMPORT_MAX_BYTES = 200 * 1024 * 1024
# What one source may send by the tracking protocol before it is told to wait; 0: as much as it likes.
INGEST_MESSAGES_PER_MINUTE = env.int("INGEST_MESSAGES_PER_MINUTE", default=180_000)

# --- People ---------------------------------------------------------------------------------------
AUTH_USER_MODEL = "leads.User"
AUTHENTICATION_BACKENDS = ["leads.access.RoleBackend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- Language and time ----------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
# The one zone in which windows and ages count whole days, and in which times are shown.
TIME_ZONE = env.str("TIME_ZONE", default="UTC")

# --- Files the browser fetches --------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- API ------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "leads.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["leads.api.permissions.RolePermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["leads.api.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["leads.api.filtering.Filters"],
    "DEFAULT_PAGINATION_CLASS": "leads.api.pagination.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "leads.api.schema.Described",
    "EXCEPTION_HANDLER": "leads.api.errors.answer",
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "leadscore",
    "DESCRIPTION": "Leads, what they did, what they are worth, and what came of it.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "LabelEnum": "leads.enums.Label",
        "HandoffStateEnum": "leads.enums.HandoffState",
        "EffectStateEnum": "leads.models.outbox.Effect.STATES",
        "EndpointKindEnum": "leads.models.endpoint.Endpoint.KINDS",
        "DealStateEnum": "leads.enums.DealState",
        "VersionStateEnum": "scoring.models.version.VersionState",
        "ImportKindEnum": "leads.enums.ImportKind",
        "CrmKindEnum": "leads.enums.CrmKind",
        "ConnectionStateEnum": "leads.enums.ConnectionState",
        "ProblemKindEnum": "leads.models.quality.ProblemKind",
        "ExperimentOutcomeEnum": "scoring.models.experiment.Outcome",
        "PastOutcomeEnum": "scoring.sample.OUTCOMES",
        "LearningStateEnum": "scoring.models.learning.LearningState",
        "SuggestionStateEnum": "scoring.models.learning.SuggestionState",
        "SuggestionKindEnum": "scoring.models.learning.Suggestion.KINDS",
    },
    "PREPROCESSING_HOOKS": ["leads.api.docs.without_slash"],
}

# --- Work in the background: docs/decisions/0007-celery-only-wakes.md --------------------------------
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 570
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5  # then unfinished tasks go back to the queue
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 900, "socket_connect_timeout": 2, "socket_timeout": 20}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False  # a wake-up that cannot be sent is dropped: the timetable finds the row
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")

# Mail: without a server each one becomes a file, to be read there.
EMAIL_CONFIG = env.email_url("EMAIL_URL", default=f"filemail:///{DATA_DIR / 'mail'}")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="leadscore@localhost")

# --- What leaves the installation ---------------------------------------------------------------------
# Where people reach it; links in mails begin so. Never taken from a request, which could name any host.
PUBLIC_URL = public_url(ALLOWED_HOSTS, HTTPS)
# Internal addresses that outgoing HTTP may reach all the same, each as an exact host:port.
OUTBOUND_ALLOWLIST = env.list("OUTBOUND_ALLOWLIST", default=[])
# What secrets are encrypted with (leads/outgoing/keyring.py): the first key encrypts, all decrypt.
ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS", default=[])
ENCRYPTION_KEYS_FILE = DATA_DIR / "encryption_keys"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    # Who asks for the health gets the answer; asking every second should not fill the log.
    "filters": {
        "no_health": {
            "()": "django.utils.log.CallbackFilter",
            "callback": lambda record: "/health/" not in record.getMessage(),
        },
        "brief": {"()": "django.utils.log.CallbackFilter", "callback": told_briefly},
    },
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_health", "brief"]}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "WARNING")},
    "loggers": {name: {"level": "INFO"} for name in ("leads", "scoring", "reports", "leadscore")},
}
