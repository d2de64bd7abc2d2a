"""One short module a job: parse the configuration, call a flow, print where the results are. Nothing imports it."""

import os

# A job says itself how far it is; the libraries' bars would run through its lines. Read when they are imported.
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
