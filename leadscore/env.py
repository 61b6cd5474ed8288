"""Small helpers over the environment, used by the settings."""

import os
import secrets
import stat
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()

KEY_LENGTH = 50


def secret_key(data_dir: Path) -> str:
    """SECRET_KEY from the environment, else one made once and kept in DATA_DIR with mode 0600.

    Refuses a key that is short or that other users of the machine can read.
    """
    given = env.str("SECRET_KEY", default="")
    key = given or _kept_key(data_dir / "secret_key")
    if len(key) < KEY_LENGTH or len(set(key)) < 10:
        raise ImproperlyConfigured(f"SECRET_KEY must be at least {KEY_LENGTH} characters, chosen at random.")
    return key


def _kept_key(path: Path) -> str:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ImproperlyConfigured(f"{path} can be read by others: chmod 600 {path}") from None
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"cannot keep a secret key in {path.parent}: {error.strerror}") from None
    key = secrets.token_urlsafe(64)
    with os.fdopen(handle, "w") as file:
        file.write(key)
    return key


def public_url(hosts: list[str], https: bool) -> str:
    """PUBLIC_URL, else where `manage.py up` serves: the first allowed host by TLS, or this machine."""
    if given := env.str("PUBLIC_URL", default=""):
        return given
    host = (hosts or ["localhost"])[0].lstrip(".")
    return f"https://{host}/" if https else f"http://{host}:{os.environ.get('PORT') or '8000'}/"
