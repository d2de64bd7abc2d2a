"""Which configuration, model files and code an audited output came from, as hashes. None is of anything in a note."""

import hashlib
import importlib.util
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipelines.stage.output import file_digest, fingerprint

_REPOSITORY = Path(__file__).resolve().parents[2]
_PACKAGES = ("schemas", "pipelines", "ray_jobs")
_FILE_SETTINGS = ("extra_recognisers", "nlp_config")
_COMPILED = (".pyc", ".so")


def audit_provenance(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Hashes and versions behind a prepare output.

    Model files and code are hashed as they lie on this machine now; `versions` are those that prepare ran with.

    Args:
        manifest: of the prepare output.

    Returns:
        identity, finished_at, config_hash, inputs_hash, versions; `nlp_model` with its name, the hash of each file
        and one of all (null where it is not on this machine); `files`, setting of the screen → hash of the file that
        it names; `code` with the git revision (null where there is none, "+changes" where files differ from it) and a
        hash of each package.
    """
    screening = manifest["config"]["screening"]
    return {
        "identity": manifest["identity"],
        "finished_at": manifest["finished_at"],
        "config_hash": fingerprint(manifest["config"]),
        "inputs_hash": fingerprint(manifest["inputs"]),
        "versions": manifest["versions"],
        "nlp_model": _model(screening["nlp_model"]),
        "files": {name: file_digest(Path(screening[name])) for name in _FILE_SETTINGS if screening[name]},
        "code": {
            "revision": _revision(),
            "packages": {name: _combined(_digests(_REPOSITORY / name)) for name in _PACKAGES},
        },
    }


def _model(name: str) -> dict[str, Any]:
    directory = Path(name).expanduser()
    if not directory.is_dir():
        spec = importlib.util.find_spec(name) if name.isidentifier() else None
        if spec is None or spec.origin is None:
            return {"name": name, "sha256": None, "files": {}}
        directory = Path(spec.origin).parent
    files = _digests(directory)
    return {"name": name, "sha256": _combined(files), "files": files}


def _digests(directory: Path) -> dict[str, str]:
    """Path inside the directory → SHA-256 of the file; what Python or an editor compiles or hides is left out."""
    return {str(path.relative_to(directory)): file_digest(path) for path in sorted(_visible_files(directory))}


def _visible_files(directory: Path) -> Iterable[Path]:
    for path in directory.rglob("*"):
        is_hidden = any(part.startswith((".", "__pycache__")) for part in path.relative_to(directory).parts)
        if path.is_file() and not is_hidden and path.suffix not in _COMPILED:
            yield path


def _combined(digests: Mapping[str, str]) -> str:
    lines = "\n".join(f"{digest}  {path}" for path, digest in sorted(digests.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _revision() -> str | None:
    """The git revision of the checkout that this code runs from; None where it is no checkout."""
    git = shutil.which("git")
    if git is None or not (_REPOSITORY / ".git").exists():
        return None
    revision, changes = (
        subprocess.run([git, "-C", _REPOSITORY, *arguments], capture_output=True, text=True, check=False)
        for arguments in (("rev-parse", "HEAD"), ("status", "--porcelain", "--untracked-files=no", "--", *_PACKAGES))
    )
    if revision.returncode:
        return None
    return revision.stdout.strip() + ("+changes" if changes.stdout.strip() else "")
