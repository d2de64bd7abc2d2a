"""Examples become packs: chat template, tokens, loss mask, packs, the order of training.

examples ──ChatEncoder──▶ tokens + target mask ──best fit──▶ packs ──hash order──▶ steps ──▶ slots' shares
"""
