"""A small neural tagger of identifiers in words, trained on text that was written for it."""
