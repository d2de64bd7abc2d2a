"""Settings of packing."""

from dataclasses import dataclass

from schemas.errors import ConfigError

MINIMUM_PACK_TOKENS = 64


@dataclass(frozen=True, kw_only=True)
class PackingConfig:
    """How examples become training sequences.

    Attributes:
        instruction: what the user turn asks, after the patient's presentation.
        pack_tokens: capacity of a pack, and the longest example; a micro-batch is one pack.
        packs_per_step: packs of one optimizer step over all workers (the global batch). A multiple of the workers.
        window_examples: examples that are packed together: 2,000 or more fill 99 % of the packs.
    """

    instruction: str = "Write the medical decision making paragraph for this patient."
    pack_tokens: int = 4096
    packs_per_step: int = 8
    window_examples: int = 2000

    def __post_init__(self) -> None:
        if self.pack_tokens < MINIMUM_PACK_TOKENS:
            raise ConfigError(f"packing.pack_tokens is {self.pack_tokens}: give at least {MINIMUM_PACK_TOKENS}")
        for name in ("packs_per_step", "window_examples"):
            if getattr(self, name) < 1:
                raise ConfigError(f"packing.{name} is {getattr(self, name)}: give at least 1")
        if not self.instruction.strip():
            raise ConfigError("packing.instruction is empty: say what the model is to write")
