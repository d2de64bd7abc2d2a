import itertools

import pytest
import regex

from pipelines.screening import pattern_database
from pipelines.screening.byte_patterns import UntranslatableError, encode, translate
from pipelines.screening.engine import _strict_patterns
from pipelines.screening.policy import ScreeningConfig
from pipelines.screening.prefilter import Prefilter, StrictPattern, attach_prefilter
from pipelines.screening.recognisers import clinical_recognisers
from pipelines.screening.screener import Screener
from schemas.errors import ScreeningError

TEXTS = (
    "Patient: Okonkwo, Robert  MRN: 48572113\nDOB: 03/14/1951\n\nSeen July 3, 2019 by Dr.\nJames Parkinson, MD.",
    "Séance with Dr. Müller-Lüdenscheidt — “Élan” lives at 12 Orchard Lane,\nSpringfield, IL 62704. 🙂 Well.",
    "fax 617-555-0144\r\ncall (617) 555-0143 x22 or r.okonkwo@example.org; SSN 512-44-0198, AGE 94, Kelvin \u212a.",
    "Sincerely,\n\n\nGrace Young\nLakeside Memorial Hospital\n",
    "",
    "\n\n",
)
# shapes of each construct that the translation knows, over line ends too
EXPRESSIONS = (
    r"(?<![\w'’-])\p{Lu}[\p{L}\p{M}]+",
    r"(?i:dr)\.?\s+(?P<value>\p{Lu}\w+)(?:\s\p{Lu}\w+)?",
    r"^[^\S]*\d|[^,;]{3}$",
    r"(\d)\d*\1",
    r"(?<=[.,] )[A-Z](?!\.)\w*",
    r"[^\d\W]{2,}(?=\s*\n)",
    r"[ \t]*\n[ \t]*\p{Lu}",
    r"[’é“—]\w|[^_a-z\s]{2}",
    r"(?=\p{Lu})",
)
FLAGS = (0, regex.IGNORECASE, regex.MULTILINE, regex.DOTALL | regex.MULTILINE | regex.IGNORECASE)

needs_hyperscan = pytest.mark.skipif(pattern_database.hyperscan is None, reason="the extra `fast` is not installed")


def spans(pattern, text):
    return [match.spans() for match in pattern.finditer(text)]


@needs_hyperscan
def test_a_prefiltered_pattern_finds_what_it_finds_alone(tmp_path):
    compiled = [regex.compile(e, flags) for e, flags in itertools.product(EXPRESSIONS, FLAGS)]
    prefilter = Prefilter(compiled, tmp_path)
    assert len(prefilter.everywhere) < len(compiled) / 2
    for number, pattern in enumerate(compiled):
        strict = StrictPattern(pattern, 5.0)
        strict.attach(prefilter, number)
        for text in TEXTS:
            nonempty = [found for found in spans(pattern, text) if found[0][0] < found[0][1]]
            assert [f for f in spans(strict, text) if f[0][0] < f[0][1]] == nonempty, (pattern.pattern, pattern.flags)


@needs_hyperscan
def test_the_clinical_patterns_keep_all_matches_and_few_lines(tmp_path):
    patterns = [p for r in clinical_recognisers(5.0) for p in getattr(r, "strict_patterns", ())]
    alone = [[spans(pattern, text) for text in TEXTS] for pattern in patterns]
    prefilter = Prefilter([pattern.compiled for pattern in patterns], tmp_path)
    prose = "The patient was seen this morning and feels well, with no pain at rest and none on walking. " * 5
    for number, (pattern, expected) in enumerate(zip(patterns, alone, strict=True)):
        pattern.attach(prefilter, number)
        assert [spans(pattern, text) for text in TEXTS] == expected
    asked = sum(bool(prefilter.stretches(prose, number)) for number in range(len(patterns)))
    assert asked < len(patterns) / 4


@needs_hyperscan
def test_a_kept_database_is_used_and_a_torn_one_is_not(tmp_path):
    patterns = [regex.compile(r"\bMRN\b")]
    Prefilter(patterns, tmp_path)
    files = sorted(tmp_path.iterdir())
    before = [file.stat().st_mtime_ns for file in files]
    assert Prefilter(patterns, tmp_path).stretches("no\nMRN here", 0) == [(3, 11)]
    assert [file.stat().st_mtime_ns for file in files] == before
    for file in files:
        file.write_bytes(file.read_bytes()[:-7])
    assert Prefilter(patterns, tmp_path).stretches("no\nMRN here", 0) == [(3, 11)]


@needs_hyperscan
def test_findings_without_hyperscan_are_the_same(screener, monkeypatch):
    monkeypatch.setattr(pattern_database, "hyperscan", None)
    slow = Screener(ScreeningConfig(max_redacted_share=1.0), b"0" * 32)
    assert slow._engine._prefilter is None
    assert slow.find(TEXTS) == screener.find(TEXTS)


def test_without_hyperscan_nothing_is_put_in_front(monkeypatch):
    monkeypatch.setattr(pattern_database, "hyperscan", None)
    assert attach_prefilter([StrictPattern(regex.compile("a"), 1.0)]) is None


def test_a_pattern_that_runs_out_of_time_is_no_missing_match():
    pattern = StrictPattern(regex.compile(r"(?:a|aa)+(?=\d)"), 0.01)
    with pytest.raises(ScreeningError, match="ran longer"):
        list(pattern.finditer("a" * 40))


def test_each_character_is_one_byte():
    assert encode("né — 5") == b"n_ \x80 5"
    assert encode("5 \u212a") is None


@pytest.mark.parametrize("expression", [r"a{0}(?R)?", r"[à-ü]", r"\X", r"(?>ab)", r"(x)(?(1)a|b)", r"a*", r"[\t-\r]"])
def test_what_has_no_safe_translation_is_refused(expression):
    with pytest.raises(UntranslatableError):
        translate(regex.compile(expression))


@pytest.mark.parametrize(
    ("expression", "most"),
    [(r"a[ \t]+b", 0), (r"a\sb", 1), (r"a(?:\r?\n[ \t]*){1,4}b", 4), (r"a[^b]+", float("inf")), (r"a(?=\n\n)", 2)],
)
def test_line_feeds_are_counted(expression, most):
    assert translate(regex.compile(expression, regex.MULTILINE)).max_line_feeds == most


def test_every_pattern_of_a_registry_is_strict(screener):
    registry = screener._engine.analyzer.registry
    assert len(_strict_patterns(registry, 1.0)) > 100
