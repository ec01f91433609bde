"""What the marks of a brand's posts teach: two numbers that bend the scorer's log-odds, and weights of words.

Nothing is known of the scorer but the log-odds that it gave. First the Platt step of one brand (Platt 1999): slope and
shift of the log-odds, held to 1 and 0 by a prior that a handful of marks cannot move far. Then weights of words and
pairs, learnt in two passes over the marks by logistic regression with AdaGrad's rates (Duchi et al. 2011): what is said
often is moved in ever smaller steps.

People mark what is wrong. Were a right score marked r times as often as a wrong one, r < 1, then the log-odds among
marked posts would differ from those among all posts by log r: downwards where the scorer says negative, upwards
elsewhere. That `lean` is fitted beside slope and shift and left out when scores are adjusted. Every mark that agrees
with the scorer adds to its price, so that it stays 0 where most do, and comes for nothing where none does. Marks of one
kind alone say nothing about how many posts are of which kind: then slope and shift hardly move. What all marked posts
share is learnt by a weight of its own and left out, so that words tell posts apart and do not shift them all.

Pure: the same marks in the same order give the same numbers in every process.
"""

from collections.abc import Sequence
from itertools import chain, repeat
from math import exp, log, sqrt

from msgspec import Struct

LEAST, MOST = 1e-4, 1 - 1e-4
"""No probability that was adjusted is nearer to certainty."""

_SLOPE_PRIOR, _SHIFT_PRIOR = 30.0, 2.0
"""Inverse variances of the normal priors."""
_LEAN_PRICE, _MOST_LEAN = 0.02, 6.0
"""Of a lean of 1, for each mark that agrees with the scorer."""
_RATE, _PASSES = 1.0, 2
_ROUNDS, _ENOUGH = 40, 1e-6


class Example(Struct, frozen=True, gc=False):
    """One text that was marked: the scorer's log-odds, whether it is negative, and the keys of its words."""

    logit: float
    negative: bool
    words: Sequence[int]


class Learnt(Struct, frozen=True):
    """What to make of a scorer's probability for the posts of one brand."""

    slope: float
    shift: float
    weights: dict[int, float]

    def adjust(self, probability: float, words: Sequence[int]) -> float:
        """The probability, 0..1, that a text is negative, given what the scorer says and the keys of its words."""
        return probability_of(self.margin(logit_of(probability), words))

    def margin(self, logit: float, words: Sequence[int]) -> float:
        """The same in log-odds."""
        said = sum([weight for weight in map(self.weights.get, words) if weight])
        return self.slope * logit + self.shift + said / sqrt(len(words) or 1)


def logit_of(probability: float) -> float:
    """Log-odds, finite for every probability."""
    bounded = min(max(probability, LEAST), MOST)
    return log(bounded / (1 - bounded))


def probability_of(logit: float) -> float:
    """The probability of log-odds, between `LEAST` and `MOST`."""
    return min(max(1 / (1 + exp(-min(max(logit, -50.0), 50.0))), LEAST), MOST)


def learn(examples: Sequence[Example]) -> Learnt:
    """What examples teach, in the order in which they were marked."""
    slope, shift = _bend(examples)
    weights: dict[int, float] = {}
    squares: dict[int, float] = {}
    shared, shared_squares = 0.0, 1.0
    for example in chain.from_iterable(repeat(examples, _PASSES)):
        reach = 1 / sqrt(len(example.words) or 1)
        margin = (
            slope * example.logit + shift + shared + reach * sum([weights.get(word, 0.0) for word in example.words])
        )
        error = probability_of(margin) - example.negative
        pull = reach * error
        for word in example.words:
            squares[word] = so_far = squares.get(word, 1.0) + pull * pull
            weights[word] = weights.get(word, 0.0) - _RATE * pull / sqrt(so_far)
        shared_squares += error * error
        shared -= _RATE * error / sqrt(shared_squares)
    return Learnt(slope, shift, weights)


def foresee(examples: Sequence[Example]) -> list[float]:
    """The probabilities that were learnt from earlier examples alone, for each.

    Learning anew is spared where a tenth more examples would hardly change it: those of a block are foreseen together.
    """
    foreseen: list[float] = []
    while len(foreseen) < len(examples):
        known = len(foreseen)
        learnt = learn(examples[:known])
        block = examples[known : known + 1 + known // 10]
        foreseen += [probability_of(learnt.margin(example.logit, example.words)) for example in block]
    return foreseen


def _side(example: Example) -> float:
    return 1.0 if example.logit > 0 else -1.0


def _bend(examples: Sequence[Example]) -> tuple[float, float]:
    """Slope and shift, fitted with the lean by Newton's method in steps of at most 1; the problem is convex."""
    negative = sum(example.negative for example in examples)
    one_sided = len(examples) / 2.0 ** min(negative, len(examples) - negative)
    slope_prior, shift_prior = _SLOPE_PRIOR + one_sided, _SHIFT_PRIOR + one_sided
    price = _LEAN_PRICE * sum(example.negative == (example.logit > 0) for example in examples)
    slope, shift, lean = 1.0, 0.0, 0.0
    for _ in range(_ROUNDS):
        pull = [slope_prior * (slope - 1), shift_prior * shift, price]
        zz, z1, zs, n, s1, ss = slope_prior, 0.0, 0.0, shift_prior, 0.0, 1e-3
        for example in examples:
            z, side = example.logit, -_side(example)
            probability = probability_of(slope * z + shift + lean * side)
            error, curve = probability - example.negative, probability * (1 - probability)
            pull = [pull[0] + error * z, pull[1] + error, pull[2] + error * side]
            zz, z1, zs = zz + curve * z * z, z1 + curve * z, zs + curve * z * side
            n, s1, ss = n + curve, s1 + curve * side, ss + curve
        if lean == 0.0 and pull[2] >= 0:
            pull[2], zs, s1 = 0.0, 0.0, 0.0
        step = _solve([[zz, z1, zs], [z1, n, s1], [zs, s1, ss]], pull)
        shrink = 1 / max(1.0, *map(abs, step))
        slope, shift = slope - shrink * step[0], shift - shrink * step[1]
        lean = min(max(0.0, lean - shrink * step[2]), _MOST_LEAN)
        if max(map(abs, step)) < _ENOUGH:
            break
    return slope, shift


def _solve(rows: list[list[float]], right: list[float]) -> list[float]:
    """What times `rows`, symmetric and positive definite, gives `right`: by elimination without a choice of pivots."""
    rows = [[*row, value] for row, value in zip(rows, right, strict=True)]
    size = len(rows)
    for place in range(size):
        rows[place] = [value / rows[place][place] for value in rows[place]]
        for other in range(size):
            if other != place:
                factor = rows[other][place]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[place], strict=True)]
    return [row[size] for row in rows]
