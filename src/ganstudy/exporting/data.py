"""Where data sets come from and under which licence, for the cards of what is trained on them."""

from collections.abc import Mapping
from dataclasses import dataclass

from ganstudy.params import DatasetName


@dataclass(frozen=True)
class Origin:
    """A data set's full name, its page, and its licence as its makers state it, in words."""

    title: str
    page: str | None
    licence: str


_FASHION = Origin(
    "Fashion-MNIST (Xiao, Rasul & Vollgraf 2017)",
    "https://github.com/zalandoresearch/fashion-mnist",
    "MIT",
)
_DIGITS = Origin(
    "Optical Recognition of Handwritten Digits (Alpaydin & Kaynak 1998), as scikit-learn has it",
    "https://archive.ics.uci.edu/dataset/80",
    "CC BY 4.0",
)
_MNIST = Origin(
    "MNIST (LeCun, Cortes & Burges 1998)",
    "http://yann.lecun.com/exdb/mnist/",
    "CC BY-SA 3.0",
)
ORIGINS: Mapping[DatasetName, Origin] = {
    "fashion_mnist": _FASHION,
    "digits": _DIGITS,
    "mnist": _MNIST,
    "kmnist": Origin(
        "Kuzushiji-MNIST (Clanuwat et al. 2018)",
        "https://github.com/rois-codh/kmnist",
        "CC BY-SA 4.0",
    ),
    "cifar10": Origin(
        "CIFAR-10 (Krizhevsky 2009)",
        "https://www.cs.toronto.edu/~kriz/cifar.html",
        "none stated; its images were collected from the web",
    ),
    "folder": Origin("images of a folder of one's own", None, "unknown: state it here"),
    "stacked_digits": _DIGITS,
    "stacked_fashion": _FASHION,
    "stacked_mnist": _MNIST,
}
