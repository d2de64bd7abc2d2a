"""Where every number comes from: stage directories, identities, settings, versions."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.stage.output import StageOutput, fingerprint


def provenance_section(stages: Sequence[StageOutput], manifests: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What made the stages' outputs.

    Args:
        stages: in the order in which they ran.
        manifests: stage → its manifest.

    Returns:
        The stages, and library → stage → version.
    """
    libraries = sorted({name for manifest in manifests.values() for name in manifest["versions"]})
    return {
        "stages": [_stage(output, manifests[output.stage]) for output in stages],
        "versions": {
            library: {stage: manifest["versions"].get(library) for stage, manifest in manifests.items()}
            for library in libraries
        },
    }


def _stage(output: StageOutput, manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "stage": output.stage,
        "identity": manifest["identity"],
        "directory": str(output.path),
        "finished_at": manifest["finished_at"],
        "config_hash": fingerprint(manifest["config"]),
        "inputs_hash": fingerprint(manifest["inputs"]),
        "config": manifest["config"],
    }
