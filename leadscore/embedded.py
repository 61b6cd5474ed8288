"""The embedded PostgreSQL and Valkey: where their sockets are, how they start and stop.

With DATABASE_URL and REDIS_URL set, real servers are used and nothing here starts anything.
"""

import os
from pathlib import Path
from urllib.parse import quote

from leadscore.env import env


def data_dir() -> Path:
    """DATA_DIR (default var/ beside manage.py): everything the installation keeps."""
    path = Path(os.environ.get("DATA_DIR") or Path(__file__).resolve().parent.parent / "var").resolve()
    path.mkdir(parents=True, exist_ok=True)
    return path


def database(data: Path) -> dict:
    """Django's DATABASES entry: DATABASE_URL when given, else the embedded server on its socket."""
    if url := env.str("DATABASE_URL", default=""):
        return env.db_url_config(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "leadscore",
        "USER": "leadscore",
        "HOST": str(data / "run"),
    }


def redis_url(data: Path) -> str:
    return env.str("REDIS_URL", default="") or f"unix://{quote(str(data / 'run' / 'valkey.sock'))}"
