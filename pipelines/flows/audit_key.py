"""The secret of a storage folder, with which everything is keyed that is derived from notes and written down."""

import contextlib
import os
import secrets
from pathlib import Path


def hmac_key_file(storage: str) -> Path:
    """The audit key of a storage folder, made on first use, readable by its owner alone."""
    path = Path(storage).expanduser().resolve() / "audit.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f".audit.key.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
        with contextlib.suppress(FileExistsError):  # another process was first: its key holds
            os.link(draft, path)
        draft.unlink()
    return path
