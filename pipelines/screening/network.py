"""Libraries under the screen that would fetch something at run time, told not to.

The public suffix list comes with tldextract and would still be fetched at the first address found; the Hugging Face
libraries ask their hub about models that lie on this machine.
"""

import os

import huggingface_hub.constants
import tldextract


def forbid_downloads() -> None:
    """Keep this process and those that it starts from fetching word lists and models."""
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    os.environ["HF_HUB_OFFLINE"] = "1"
    huggingface_hub.constants.HF_HUB_OFFLINE = True  # was read from the environment when the library was imported
