"""What crosses a boundary, as data: Arrow schemas of every table, ledger outcomes, errors.

The ground floor. Imports nothing of ours, no Ray and no torch.
"""
