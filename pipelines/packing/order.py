"""The order of training: a function of seed, epoch and id, never of arrival."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=str | int)


def order_key(seed: int, epoch: int, key: str | int) -> bytes:
    """A uniform sort key for an id in an epoch."""
    return hashlib.blake2b(f"{seed}:{epoch}:{key}".encode(), digest_size=16).digest()


def shuffled(keys: Iterable[Key], seed: int, epoch: int) -> list[Key]:
    """The keys in the epoch's order."""
    return sorted(keys, key=lambda key: order_key(seed, epoch, key))


def permutation(keys: Sequence[str], seed: int, epoch: int) -> list[int]:
    """Indices of the keys in the epoch's order."""
    return sorted(range(len(keys)), key=lambda index: order_key(seed, epoch, keys[index]))
