"""Words as numbers: the vocabulary of a training split, and texts in its terms."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from ganstudy.errors import InputError
from ganstudy.files import Labels
from ganstudy.progress import log, printable

MOST_WORDS = 64  # of a text
LONGEST = 4096  # characters of a text: more than so many words have
MOST_KNOWN = 10_000  # words of a vocabulary
SHOWN = 5
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def words_of(text: str) -> list[str]:
    """The words of a text in small letters, without what stands between them; "t-shirt" is one.

    Raises `InputError` where there is none, or more than `MOST_WORDS`.
    """
    if len(text) > LONGEST:
        raise InputError(
            f"the text {_short(text)} has {len(text):,} characters; {LONGEST:,} and {MOST_WORDS} "
            "words are allowed"
        )
    words = WORD.findall(text.lower())
    if not words:
        raise InputError(f"the text {_short(text)} has no word")
    if len(words) > MOST_WORDS:
        raise InputError(
            f"the text {_short(text)} has {len(words)} words; {MOST_WORDS} are allowed"
        )
    return words


def vocabulary_of(texts: Iterable[str], least: int = 1) -> tuple[str, ...]:
    """All words of `texts` that come `least` times or more, in order of the alphabet; of more than
    `MOST_KNOWN` the most frequent, which is said."""
    every = Counter(word for text in texts for word in words_of(text))
    counts = {word: count for word, count in every.items() if count >= least}
    kept = sorted(counts, key=lambda word: (-counts[word], word))[:MOST_KNOWN]
    if len(kept) < len(counts):
        log(f"of {len(counts):,} words the {MOST_KNOWN:,} most frequent are learnt")
    return tuple(sorted(kept))


def tokens(text: str, vocabulary: Sequence[str], length: int) -> list[int]:
    """`text` as `length` numbers, as `spaces.Tokens` counts; says which words are unknown, and
    leaves them out.

    Raises `InputError` where no word is known, or where more than `length` are.
    """
    number = {word: index for index, word in enumerate(vocabulary, 1)}
    words = words_of(text)
    unknown = [word for word in dict.fromkeys(words) if word not in number]
    known = [number[word] for word in words if word in number]
    if not known:
        some = ", ".join(vocabulary[:SHOWN])
        raise InputError(
            f"of the text {_short(text)} no word is known; {len(vocabulary):,} are, like {some}"
        )
    if len(known) > length:
        raise InputError(
            f"the text {_short(text)} has {len(known)} words that are known; {length} at most can "
            "be read, as many as the longest caption of the training data has"
        )
    if unknown:
        log(f"the text {_short(text)}: unknown words are left out: {', '.join(unknown[:SHOWN])}")
    return known + [0] * (length - len(known))


def tokens_of(texts: Sequence[str], vocabulary: Sequence[str], length: int) -> Labels:
    """Texts of data, int64 (N, length): unknown words are left out, and counted in one line; a text
    of unknown words alone is all 0."""
    number = {word: index for index, word in enumerate(vocabulary, 1)}
    rows = np.zeros((len(texts), length), np.int64)
    unknown: Counter[str] = Counter()
    for row, text in zip(rows, texts, strict=True):
        words = words_of(text)
        unknown.update(word for word in words if word not in number)
        known = [number[word] for word in words if word in number][:length]
        row[: len(known)] = known
    if unknown:
        some = ", ".join(printable(word) for word, _ in unknown.most_common(SHOWN))
        log(f"{unknown.total():,} words that are not learnt are left out: {some}")
    return rows


def text_of(row: Iterable[int], vocabulary: Sequence[str]) -> str:
    """The words of one row of tokens."""
    return " ".join(vocabulary[number - 1] for number in row if number)


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
