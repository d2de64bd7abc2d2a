import random
import re

import pytest

from pipelines.screening.tagger.corpus import Label, Piece, read_corpus
from pipelines.screening.tagger.features import context_features, shape, word_features
from pipelines.screening.tagger.tokens import GAP, tokenise
from pipelines.screening.tagger.variants import Variants
from schemas.errors import InputError


def test_words_numbers_line_ends_and_column_gaps_are_tokens():
    text = "Dr. O'Neill's pager: 41187\nDOB     3/14"
    tokens = tokenise(text)
    assert tokens.words == [
        *("Dr", ".", "O'Neill", "'s", "pager", ":", "41187", "\n", "DOB", GAP, "3", "/", "14"),
    ]
    assert [text[start:end] for start, end in tokens.spans if text[start].isalnum()] == [
        word for word in tokens.words if word[0].isalnum()
    ]


def test_a_letter_with_a_combining_mark_is_one_word_at_its_own_place():
    text = "Jose\u0301 Nu\u0301n\u0303ez 😀 fell"
    tokens = tokenise(text)
    assert tokens.words == ["Jose\u0301", "Nu\u0301n\u0303ez", "😀", "fell"]
    assert text[slice(*tokens.spans[3])] == "fell"


def test_a_word_is_known_by_its_letters_shape_and_lists():
    features = set(word_features("Foley"))
    assert {"w=foley", "s=ley", "t=ey", "p=fol", "l=eponyms"} <= features
    assert {"l=given", "k=NAME"} <= set(word_features("Franciska"))
    assert set(word_features("2019")) == {"w=dddd", "v=2019", f"f={shape('2019')}"}
    assert [("l=great_age" in set(word_features(number))) for number in ("89", "90", "120", "121", "²")] == [
        *(False, True, True, False, False)
    ]


def test_the_note_and_the_rules_speak_of_each_token():
    class Rule:
        start, end, recogniser = 0, 11, "ListedNameRecogniser.full_name"

    tokens = tokenise("Grace Young was here.\nNo grace.\nALL CAPS\nof New York\nper Sealy-Koh")
    context = context_features(tokens, [Rule()])
    assert context[0] == ("n=lower", "r=ListedNameRecogniser.full_name")
    assert context[1] == ("r=ListedNameRecogniser.full_name",)
    assert context[tokens.words.index("CAPS")] == ("n=caps",)
    assert context[tokens.words.index("York")] == ("n=phrase",)
    assert context[tokens.words.index("Koh")] == ("n=double",)
    assert tokens.words.index("was") not in context


def test_two_numbers_are_rather_a_date_in_a_note_of_many():
    class Rule:
        recogniser = "DateRecogniser.bare_month_day"

        def __init__(self, value):
            self.start = text.index(value)
            self.end = self.start + len(value)

    text = "4/2 Na 138, 4/3, 4/4; stent pull 6/4, strength 5/5, vision 20/40, BP 120/80"
    tokens = tokenise(text)
    assert "n=dated" not in str(context_features(tokens, [Rule("4/2"), Rule("4/3")]))
    context = context_features(tokens, [Rule("4/2"), Rule("4/3"), Rule("4/4")])
    dated = [tokens.words[index] for index, names in sorted(context.items()) if "n=dated" in names]
    assert dated == ["4", "2", "4", "3", "4", "4", "6", "4", "5", "5"]


def test_marked_text_is_read_as_pieces(tmp_path):
    file = tmp_path / "marked.txt"
    file.write_text("Seen by {NAME|Ana Okonkwo}.\n----\nFoley in place.\n----\n")
    assert read_corpus([file]) == [
        (Piece("Seen by ", Label.NONE), Piece("Ana Okonkwo", Label.NAME), Piece(".\n", Label.NONE)),
        (Piece("Foley in place.\n", Label.NONE),),
    ]


@pytest.mark.parametrize("line", ["by {NAMES|Ana}", "by {NAME|Ana", "by NAME|Ana}", "by {NONE|Ana}", "{ANA|x}"])
def test_a_broken_mark_is_refused_by_file_and_line_without_its_text(tmp_path, line):
    file = tmp_path / "marked.txt"
    file.write_text(f"fine\n{line}\n")
    with pytest.raises(InputError, match=r"marked\.txt, line 2") as refused:
        read_corpus([file])
    assert "ana" not in str(refused.value).casefold()


def test_variants_change_identifiers_and_nothing_else():
    document = (Piece("Seen by ", Label.NONE), Piece("Ana de Souza III", Label.NAME), Piece(" at home.", Label.NONE))
    variants = Variants([document], random.Random(0))
    made = [variants.of(document) for _ in range(200)]
    assert {"".join(p.text for p in m if not p.label).lower() for m in made if len(m) == 3 and m[1].label} == {
        "seen by  at home."
    }
    names = {m[1].text for m in made if m[1].label}
    assert len(names) > 50
    assert all(name.lower().split()[1] == "de" and name.lower().split()[3] == "iii" for name in names)
    assert any(not m[1].label for m in made), "some are placeholders, which are no identifiers"


def test_variants_of_days_and_great_ages_stay_such():
    document = (Piece("3/29", Label.DATE), Piece("94", Label.AGE))
    variants = Variants([document], random.Random(0))
    made = [m for m in (variants.of(document) for _ in range(300)) if m[0].label]
    days = {int(m[0].text.split("/")[1]) for m in made}
    assert days == set(range(13, 32))
    assert {int(m[1].text) for m in made} == set(range(90, 107))


def test_variants_of_firms_and_dates_keep_their_form():
    document = (
        Piece("Halvorsen & Sons", Label.EMPLOYER),
        Piece(" on ", Label.NONE),
        Piece("MAR 04, 2019", Label.DATE),
    )
    variants = Variants([document], random.Random(0))
    made = [m for m in (variants.of(document) for _ in range(300)) if m[0].label]
    firms = {m[0].text for m in made}
    assert len(firms) > 50
    assert all(firm.lower().endswith(" & sons") for firm in firms)
    dates = {m[2].text for m in made if m[1].text == " on " and not m[0].text.isupper()}
    assert len(dates) > 50
    assert all(re.fullmatch(r"[A-Z]{3} (0\d|1[0-2]|\d), (19|20)\d\d", date) for date in dates if date.isupper())
