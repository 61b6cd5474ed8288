"""The product's settings for tests: a DATA_DIR of their own, cheap passwords, messages that go nowhere."""

import os
from pathlib import Path

os.environ.setdefault("DATA_DIR", str(Path(__file__).resolve().parent.parent / "var" / "test"))
os.environ.setdefault("EMBEDDED_DURABLE", "0")

from leadscore.settings import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
INSTALLED_APPS = [*INSTALLED_APPS, "tests.emptying"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True  # no STATIC_ROOT is collected for tests
# A message only wakes a worker, so tests call the work itself.
CELERY_BROKER_URL = "memory://"
if template := os.environ.get("TEST_TEMPLATE"):  # tests/template.py
    DATABASES["default"]["TEST"] = {"TEMPLATE": template}
CACHES["default"]["KEY_PREFIX"] = f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
