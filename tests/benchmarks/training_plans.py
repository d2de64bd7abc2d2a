"""The planner's choices for Qwen3-4B and Qwen3-8B on one, eight and sixteen H200s: a table for the README.

    python tests/benchmarks/training_plans.py [--pack-tokens 16384] [--all]

No weights are loaded and no GPU is needed. With `--all`, what was refused is shown too.
"""

import argparse

from transformers import AutoConfig

from pipelines.training.config import TrainingConfig
from pipelines.training.plan import GPU_MEMORY_MIB, make_plan

H200_BYTES = GPU_MEMORY_MIB["H200"] * 2**20
SHAPES = {
    "Qwen3-4B": {"hidden_size": 2560, "intermediate_size": 9728, "tie_word_embeddings": True},
    "Qwen3-8B": {"hidden_size": 4096, "intermediate_size": 12288, "tie_word_embeddings": False},
}


def architecture(name: str) -> AutoConfig:
    """Of a Qwen3 of 36 layers."""
    return AutoConfig.for_model(
        "qwen3",
        vocab_size=151_936,
        num_hidden_layers=36,
        num_attention_heads=32,
        num_key_value_heads=8,
        head_dim=128,
        max_position_embeddings=262_144,
        **SHAPES[name],
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack-tokens", type=int, default=16_384)
    parser.add_argument("--all", action="store_true", help="show what was refused too")
    arguments = parser.parse_args()
    print("| model | H200s | options | weights | gradients | optimizer | activations | head | buffers | peak GB |")
    print("|---|--:|---|--:|--:|--:|--:|--:|--:|--:|")
    for name in SHAPES:
        for num_workers in (1, 8, 16):
            config = TrainingConfig(num_workers=num_workers, gpus_per_worker=1)
            plan = make_plan(config, architecture(name), "bfloat16", arguments.pack_tokens, H200_BYTES)
            refused = [(a, "refused: ") for a in plan.refused] if arguments.all else []
            for alternative, verdict in [(plan.chosen, ""), *refused]:
                memory = alternative.memory
                sizes = [*(getattr(memory, part) for part in memory.parts()), memory.peak]
                cells = " | ".join(f"{size / 1e9:.1f}" for size in sizes)
                print(f"| {name} | {num_workers} | {verdict}{alternative.options} | {cells} |", flush=True)
    print(f"\npacks of {arguments.pack_tokens} tokens, bfloat16; {plan.usable_bytes / 1e9:.1f} GB of a card are usable")


if __name__ == "__main__":
    main()
