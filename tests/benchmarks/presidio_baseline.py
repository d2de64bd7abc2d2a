"""A plain loop over Presidio's AnalyzerEngine, in an interpreter of its own: the baseline of `screening_speed.py`.

It imports nothing of this repository, so that the interpreter may be any with Presidio and the model, for one with the
spaCy that a fresh `pip install presidio-analyzer` brings. It reads one line of JSON, {"nlp": configuration,
"notes": texts}, and answers each further line with one: the versions at first, then each round's CPU seconds.
"""

import json
import os
import sys
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import spacy
import tldextract
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider


def main() -> None:
    """Answer until the input ends."""
    # it would fetch the list of public suffixes otherwise
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    request = json.loads(sys.stdin.readline())
    nlp_engine = NlpEngineProvider(nlp_configuration=request["nlp"]).create_engine()
    engine = AnalyzerEngine(nlp_engine=nlp_engine)
    engine.analyze(request["notes"][0], "en")
    print(f"spaCy {spacy.__version__}", flush=True)
    for _ in sys.stdin:
        begun = time.process_time()
        for note in request["notes"]:
            engine.analyze(note, "en")
        print(time.process_time() - begun, flush=True)


if __name__ == "__main__":
    main()
