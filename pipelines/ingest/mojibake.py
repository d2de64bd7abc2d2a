"""Text that was decoded with the wrong codec on its way here, told from text that is merely not English.

Nothing is repaired: a repair is a guess, and a note that says something else than its author wrote is worse than none.
"""

import re

# More than one control character in a hundred is a binary or a wrongly decoded file, not a stray escape.
MAX_CONTROL_SHARE = 0.01

# The characters that bytes 0x80-0xBF become when UTF-8 is read as Latin-1 or as Windows-1252. After "Â" or "Ã" they
# are never letters of a word: "SÃO" and "CÂMARA" pass, "Ã©" and "Â°" do not.
_CONTINUATION = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_MISREAD_UTF8 = re.compile(f"[ÂÃ][{_CONTINUATION}]|â€|â\u0080|ðŸ|ð\u009f|ï»¿")
# Tab, line feed, vertical tab, form feed and carriage return lay text out; other control characters do not belong.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")


def is_mojibake(text: str) -> bool:
    """True where text holds U+FFFD, UTF-8 read as Latin-1 or Windows-1252, or too many control characters."""
    if "\ufffd" in text or _MISREAD_UTF8.search(text):
        return True
    num_controls = len(_CONTROL.findall(text))
    return num_controls > MAX_CONTROL_SHARE * len(text)
