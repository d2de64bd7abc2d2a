"""Each header variant that public notes were counted to have, in each layout, opens a section of its kind."""

from pathlib import Path

import pytest
import yaml

from pipelines.splitting.lexicon import load_lexicon
from pipelines.splitting.sections import cut_sections

VARIANTS = yaml.safe_load((Path(__file__).parent / "header_variants.yaml").read_text(encoding="utf-8"))
LAYOUTS = {
    "own line": "{}\n\nSeen before noon.",
    "own line, colon": "{}:\nSeen before noon.",
    "inline": "{}: Seen before noon.",
    "bold": "**{}:** Seen before noon.",
    "bold, colon outside": "**{}**: Seen before noon.",
    "heading": "## {}\nSeen before noon.",
    "table": "| {} | Seen before noon. |",
    "indented": "   {} : Seen before noon.",
}
COLONS_ONLY = {"inline", "indented", "own line, colon", "bold"}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_variant_opens_a_section_of_its_kind(layout: str) -> None:
    lexicon = load_lexicon()
    wrong = []
    for name, variants in VARIANTS.items():
        for variant in variants:
            for written in {variant, variant.title()} if variant.isupper() and len(variant) > 4 else {variant}:
                if written.islower() and layout not in COLONS_ONLY:
                    continue  # GPs' "imp:" and "pmh:" stand before a colon
                text = f"Some words of a story.\r\n{LAYOUTS[layout].format(written)}"
                last = cut_sections(text, lexicon)[-1]
                if last.kind.name != name or text[last.start :].lstrip(" *#|")[: len(written)] != written:
                    wrong.append((written, last.kind.name))
    assert not wrong


def test_every_target_variant_survives_the_loss_of_line_breaks() -> None:
    lexicon = load_lexicon()
    wrong = []
    for name in (
        "medical_decision_making",
        "assessment_and_plan",
        "assessment",
        "impression",
        "plan",
        "hospital_course",
    ):
        for variant in (v for v in VARIANTS[name] if v.isupper() and v.isascii() and len(v) > 3 and "(" not in v):
            for colon, shape in (":", variant), (":", variant.title()), ("", variant):
                heads = ["Chief Complaint", "Past Medical History", "Physical Examination"]
                heads = [head.upper() if shape.isupper() else head for head in heads]
                text = " ".join(f"{head}{colon} Nothing of note." for head in [*heads, shape])
                found = [section.kind.name for section in cut_sections(text, lexicon) if section.start < section.end]
                if found != ["chief_complaint", "past_history", "exam", name]:
                    wrong.append((shape, colon, found))
    assert not wrong
