"""Best-fit-decreasing bin packing of document lengths, O(n log n + capacity)."""

from bisect import bisect_left, insort


def best_fit_decreasing(lengths: list[int], capacity: int) -> list[list[int]]:
    """Pack documents into as few packs as best fit finds.

    The longest document left goes into the pack with the least room that still holds it (Johnson 1973: never more
    than 11/9 of the optimum + 1). Ties go to the lower index, so equal input gives equal packs.

    Args:
        lengths: tokens of each document.
        capacity: tokens of a pack.

    Returns:
        For each pack, the indices of its documents.

    Raises:
        ValueError: a document is longer than a pack, or empty.
    """
    if lengths and (max(lengths) > capacity or min(lengths) < 1):
        raise ValueError(f"document lengths must lie in 1..{capacity}, not {min(lengths)}..{max(lengths)}")
    packs: list[list[int]] = []
    packs_with_room: list[list[int]] = [[] for _ in range(capacity + 1)]  # room → packs, newest last
    rooms: list[int] = []  # the rooms that some pack has, ascending, each once
    for document in sorted(range(len(lengths)), key=lambda index: (-lengths[index], index)):
        length = lengths[document]
        position = bisect_left(rooms, length)
        if position == len(rooms):
            packs.append([])
            pack, room = len(packs) - 1, capacity
        else:
            room = rooms[position]
            pack = packs_with_room[room].pop()
            if not packs_with_room[room]:
                rooms.pop(position)
        packs[pack].append(document)
        left = room - length
        if not packs_with_room[left]:
            insort(rooms, left)
        packs_with_room[left].append(pack)
    return packs
