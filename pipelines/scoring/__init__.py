"""Scores models on the cases held out and on public benchmarks, and says what the differences show.

examples, benchmarks ──items──▶ benchmark items ──ray_predict (scorer)──▶ predictions ──statistics──▶ scores

An item is never dropped: what cannot be scored becomes an error row, and an error counts as a wrong answer.
"""
