"""The keys that secrets are encrypted with: a list of their own, never derived from SECRET_KEY.

The first key encrypts, all of them decrypt. They come from ENCRYPTION_KEYS, else from a file in DATA_DIR that is made
once and that only its owner can read. The file is read again when it changes, so that a rotation reaches processes
that run.
"""

import os
import stat
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

# What was read last: the file's identity, and its keys.
_read: tuple[tuple[int, int, str], list[str]] | None = None


def keys() -> list[str]:
    """The keys, the one that encrypts first. Raises ImproperlyConfigured, with words for the operator."""
    found = settings.ENCRYPTION_KEYS or _kept()
    try:
        MultiFernet([Fernet(key) for key in found])
    except ValueError as error:
        raise ImproperlyConfigured(f"An encryption key is no Fernet key: {error}") from None
    return list(found)


def ring() -> MultiFernet:
    """Encrypts with the first key, decrypts with any."""
    return MultiFernet([Fernet(key) for key in keys()])


def add() -> None:
    """Put a new key in front of the file's. Raises ImproperlyConfigured where the keys come from the environment."""
    _replace([Fernet.generate_key().decode(), *_of_the_file()])


def forget_old() -> int:
    """Keep only the first key of the file. How many are gone. Only when nothing needs them any more."""
    first, *old = _of_the_file()
    _replace([first])
    return len(old)


def _of_the_file() -> list[str]:
    if settings.ENCRYPTION_KEYS:
        raise ImproperlyConfigured(
            "The keys come from ENCRYPTION_KEYS: put a new one in front there, restart, and run rotate_keys again."
        )
    return _kept()


def _kept() -> list[str]:
    global _read
    path = Path(settings.ENCRYPTION_KEYS_FILE)
    try:
        found = path.stat()
    except FileNotFoundError:
        _make(path)
        found = path.stat()
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise ImproperlyConfigured(f"{path} can be read by others: chmod 600 {path}")
    identity = (found.st_ino, found.st_mtime_ns, str(path))
    if _read is None or _read[0] != identity:
        _read = identity, path.read_text().split()
    return _read[1]


def _make(path: Path) -> None:
    """Two processes may want it at once: whoever links the finished file first wins."""
    draft = _draft(path, [Fernet.generate_key().decode()])
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError as error:
        raise ImproperlyConfigured(f"cannot keep encryption keys in {path.parent}: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)


def _replace(lines: list[str]) -> None:
    path = Path(settings.ENCRYPTION_KEYS_FILE)
    _draft(path, lines).replace(path)


def _draft(path: Path, lines: list[str]) -> Path:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ImproperlyConfigured(f"cannot keep encryption keys in {path.parent}: {error.strerror}") from None
    with os.fdopen(handle, "w") as file:
        file.write("".join(f"{line}\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())
    return draft
