"""Vectors of texts for the coding assistant: TF-IDF of words and of groups of letters, on sparse matrices.

Built on SciPy, which the package needs anyway: importing scikit-learn for its vectorizer takes longer than coding a
whole list. The weights are those of scikit-learn (smoothed, unit length), so results can be compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Features = Callable[[str], Iterable[str]]


def words_and_pairs(text: str) -> Iterator[str]:
    """Yield the words of a text and each pair of adjacent words.

    >>> list(words_and_pairs("robo con arma"))
    ['robo', 'con', 'arma', 'robo con', 'con arma']
    """
    words = text.split()
    yield from words
    yield from (f"{one} {other}" for one, other in pairwise(words))


def letter_groups(text: str) -> Iterator[str]:
    """Yield the groups of three to five letters within each word, whose ends are marked by spaces.

    >>> list(letter_groups("arma"))
    [' ar', 'arm', 'rma', 'ma ', ' arm', 'arma', 'rma ', ' arma', 'arma ']
    """
    for word in text.split():
        yield from _groups_of(word)


@lru_cache(maxsize=65536)
def _groups_of(word: str) -> tuple[str, ...]:
    marked = f" {word} "
    lengths = (3, 4, 5)
    return tuple(marked[at : at + length] for length in lengths for at in range(len(marked) - length + 1))


class TextVectors:
    """TF-IDF vectors of some texts, to which other texts can be compared.

    >>> vectors = TextVectors(["hurto de ganado", "robo de ganado", "robo"], words_and_pairs)
    >>> [round(float(likeness), 3) for likeness in vectors.likeness(["robo"]).toarray()[0]]
    [0.0, 0.418, 1.0]
    """

    def __init__(self, texts: Sequence[str], features: Features) -> None:
        """Count the features of the texts and weight them by how few texts have them."""
        self._features = features
        counted = [Counter(features(text)) for text in texts]
        holding = Counter(name for row in counted for name in row)
        self.vocabulary = {name: number for number, name in enumerate(sorted(holding))}
        holders = np.array([holding[name] for name in self.vocabulary], dtype=np.float64)
        self._rarity = np.log((1 + len(texts)) / (1 + holders)) + 1
        self.matrix = self._weighed(counted)
        self._turned: Any = self.matrix.T.tocsr()

    def transform(self, texts: Sequence[str]) -> csr_array:
        """Return one row per text; features that the first texts do not have are left out."""
        return self._weighed([Counter(self._features(text)) for text in texts])

    def likeness(self, texts: Sequence[str]) -> csr_array:
        """Return the cosine of each text with each of the first texts: 1 the same, 0 nothing in common."""
        found: csr_array = self.transform(texts) @ self._turned
        return found

    def held(self, texts: Sequence[str]) -> csr_array:
        """Return how much of the weight of each of the first texts each text contains, whatever else it says."""
        present = self.transform(texts)
        present.data = np.ones_like(present.data)
        squares = self._turned.copy()
        squares.data = squares.data**2
        found: csr_array = present @ squares
        return found

    def coverage(self, texts: Sequence[str], groups: Sequence[Sequence[int]]) -> csr_array:
        """Return how much of each text is in the joint vocabulary of each group of the first texts: 1 for all of it."""
        from scipy.sparse import csr_array

        ends = np.cumsum([0, *map(len, groups)])
        members = np.array([number for group in groups for number in group], dtype=np.int64)
        shape = (len(groups), self.matrix.shape[0])
        vocabulary = csr_array((np.ones(len(members)), members, ends), shape=shape) @ self.matrix
        vocabulary.data = np.ones_like(vocabulary.data)
        weights = self.transform(texts)
        weights.data = weights.data**2
        found: csr_array = weights @ vocabulary.T
        return found

    def _weighed(self, counted: Sequence[Counter[str]]) -> csr_array:
        from scipy.sparse import csr_array

        known = [{name: times for name, times in row.items() if name in self.vocabulary} for row in counted]
        columns = np.array([self.vocabulary[name] for row in known for name in row], dtype=np.int64)
        times = np.array([times for row in known for times in row.values()], dtype=np.float64)
        sizes = np.array([len(row) for row in known], dtype=np.int64)
        rows = np.repeat(np.arange(len(known)), sizes)
        weights = (1 + np.log(times)) * self._rarity[columns]
        lengths = np.sqrt(np.bincount(rows, weights**2, minlength=len(known)))
        ends = np.concatenate([[0], np.cumsum(sizes)])
        return csr_array((weights / lengths[rows], columns, ends), shape=(len(known), len(self.vocabulary)))
