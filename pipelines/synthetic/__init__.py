"""A synthetic hospital: emergency notes whose every truth is known, for the demo and the tests. No stage knows it."""
