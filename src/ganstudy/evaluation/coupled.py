"""What is measured of two images that were made of one code, one in each domain.

Where the maker of the data says how domains are related, it is known what the image of `b` beside
an image of `a` should be; no model is told.
"""

from collections.abc import Callable, Mapping

from ganstudy import metrics
from ganstudy.data.edges import outlined
from ganstudy.dataset import Array, Dataset
from ganstudy.evaluation.shared import Floats, Metric
from ganstudy.files import Images
from ganstudy.spaces import DOMAINS

# What belongs to an image of a in b, by the name of the data.
RELATIONS: Mapping[str, Callable[[Images], Images]] = {
    "digits_edges": outlined,
    "mnist_edges": outlined,
    "mnist_negatives": lambda images: 255 - images,
}


def coupled(
    outputs: Mapping[str, Array],
    test: Dataset,
    name: str,
    features: Callable[[Images], Floats] | None = None,
) -> list[Metric]:
    """Rows of outputs `a` and `b` for data of this `name`: how well they agree as pairs, and of
    each domain by itself `a/fid` and `b/fid`, by the `features` of a judge where there is one."""
    if not all(domain in outputs for domain in DOMAINS):
        return []
    a, b = (outputs[domain] for domain in DOMAINS)
    relation = RELATIONS.get(name)
    lacks = "" if relation else "a known relation of the domains"

    def agreement() -> dict[str, float]:
        assert relation is not None  # noqa: S101 - the row says so
        expected = relation(a)
        return {
            "agreement_over_shuffled": metrics.agreement_over_shuffled(expected, b),
            "agreement": metrics.agreement(expected, b),
        }

    rows = [Metric("agreement_over_shuffled, agreement", agreement, lacks)]
    if features is not None:
        rows += [_fid(domain, outputs[domain], test.fields[domain], features) for domain in DOMAINS]
    return rows


def unrelated(test: Dataset, name: str) -> list[Metric]:
    """The same of real images, none of which belongs to the one beside it: the baseline."""
    count = min(len(test.fields[domain]) for domain in DOMAINS)
    return coupled({domain: test.fields[domain][:count] for domain in DOMAINS}, test, name)


def columns(outputs: Mapping[str, Array], name: str) -> dict[str, Images]:
    """Both images of a code, and what the second should be."""
    if not all(domain in outputs for domain in DOMAINS):
        return {}
    shown = {domain: outputs[domain] for domain in DOMAINS}
    relation = RELATIONS.get(name)
    return shown | ({} if relation is None else {"b of this a": relation(outputs["a"])})


def _fid(domain: str, made: Images, real: Images, features: Callable[[Images], Floats]) -> Metric:
    name = f"{domain}/fid"
    return Metric(name, lambda: {name: metrics.frechet_distance(features(made), features(real))})
