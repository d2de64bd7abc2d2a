"""Entities that end where a sentence does, as in spaCy's whole pipeline, without parsing the whole text.

  entities of NER alone ──which might hold a sentence end?──▶ parser, a few words around ──one does──▶ parser and NER,
                                                                                    many words around ──▶ entities there

In the whole pipeline NER begins and continues no entity over a sentence start of the parser. NER reads a text from
left to right and, outside an entity, decides by the next token alone, as its encoder sees it. So where two readings of
a text are both outside an entity at a token, they are the same from there on, but for what sentence starts forbid.
"""

from collections.abc import Sequence

from spacy.language import Language
from spacy.tokens import Doc, Span

from pipelines.screening.artifacts import receptive_tokens
from pipelines.screening.spans import Span as Range

# characters that end no sentence
_INSIDE_NAMES = ",-–'’/&%$#"
# how many tokens before and after an entity the parser is shown: first, and where it sees a sentence end
_GLANCE = (40, 20)
_LOOK = (200, 100)


def end_entities_with_sentences(nlp: Language, docs: Sequence[Doc]) -> list[Doc]:
    """The documents with the entities of the whole pipeline.

    Args:
        nlp: pipeline with a parser.
        docs: what its NER pipe alone made; changed in place, or replaced where that does not do.
    """
    suspects = [[(e.start, e.end) for e in doc.ents if _may_hold_sentence_end(e)] for doc in docs]
    crossed = _crossed(nlp, docs, suspects, _GLANCE)
    return [
        _with_sentences(nlp, doc, entities) if entities else doc for doc, entities in zip(docs, crossed, strict=True)
    ]


def _may_hold_sentence_end(entity: Span) -> bool:
    lasts = (token.text[-1] for token in entity[:-1])
    return any(not (last.isalnum() or last in _INSIDE_NAMES) for last in lasts)


def _crossed(
    nlp: Language, docs: Sequence[Doc], entities: Sequence[Sequence[Range]], around: tuple[int, int]
) -> list[list[Range]]:
    """Those entities of each document inside which a sentence begins."""
    places = [_windows(of_doc, len(doc), around) for doc, of_doc in zip(docs, entities, strict=True)]
    parsed = iter(
        _run(nlp, [doc[slice(*at)].as_doc() for doc, of_doc in zip(docs, places, strict=True) for at in of_doc])
    )
    crossed = []
    for of_doc, windows in zip(entities, places, strict=True):
        starts = {first + token.i for first, _ in windows for token in next(parsed) if token.is_sent_start}
        crossed.append([entity for entity in of_doc if starts.intersection(range(entity[0] + 1, entity[1]))])
    return crossed


def _windows(entities: Sequence[Range], length: int, around: tuple[int, int]) -> list[Range]:
    """The tokens around the entities, where they meet as one."""
    windows: list[Range] = []
    for start, end in entities:
        first, last = max(0, start - around[0]), min(length, end + around[1])
        if windows and first <= windows[-1][1]:
            first = windows.pop()[0]
        windows.append((first, last))
    return windows


def _with_sentences(nlp: Language, doc: Doc, crossed: Sequence[Range]) -> Doc:
    """The document, read again around these entities, with the sentences that the parser sees there."""
    entities = [(entity.start, entity.end, entity.label) for entity in doc.ents]
    blurred = receptive_tokens(nlp, "ner")  # tokens at a cut that the encoder sees otherwise than in the whole text
    if blurred is None:
        return _run(nlp, [nlp.make_doc(doc.text)], until="ner")[0]
    for first, last in _windows(crossed, len(doc), _LOOK):
        (window,) = _run(nlp, [_without_entities(doc[first:last].as_doc())], until="ner")
        again = [(first + entity.start, first + entity.end, entity.label) for entity in window.ents]
        within = {at for start, end, _ in (*entities, *again) for at in range(start + 1, end)}
        sharp = range(first + blurred if first else 0, last + 1 - (blurred + 1 if last < len(doc) else 0))
        outside = [at for at in sharp if at not in within]
        inside = [entity for entity in crossed if first <= entity[0] < last]
        if not (outside and outside[0] <= inside[0][0] and inside[-1][1] <= outside[-1]):
            return _run(nlp, [nlp.make_doc(doc.text)], until="ner")[0]
        entities = [
            *(entity for entity in entities if entity[1] <= outside[0]),
            *(entity for entity in again if outside[0] <= entity[0] and entity[1] <= outside[-1]),
            *(entity for entity in entities if outside[-1] <= entity[0]),
        ]
    doc.set_ents([Span(doc, *entity) for entity in entities])
    return doc


def _without_entities(doc: Doc) -> Doc:
    doc.set_ents([], default="missing")
    return doc


def _run(nlp: Language, docs: list[Doc], until: str = "parser") -> list[Doc]:
    """The pipes that decide on sentences and entities, as the whole pipeline runs them."""
    for name, pipe in nlp.components:
        if docs and name in ("transformer", "tok2vec", "parser", "ner"):
            docs = list(pipe.pipe(docs, batch_size=len(docs)))
        if name == until:
            break
    return docs
