"""The stages, one folder each, and the flows that join them."""
