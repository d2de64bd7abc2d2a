"""Keeping general abilities: what fine-tuning took away is given back, or not taken in the first place.

origin ─────┐
            ├─interpolate──▶ a model for each alpha ──(scored)──▶ frontier ──choose──▶ the model to keep
finetuned ──┘

replay file ──▶ rows of general instructions among the medical examples of each window, while training runs
"""
