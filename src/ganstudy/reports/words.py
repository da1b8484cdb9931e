"""The words of pages: names of data sets, and what a reader may not know."""

# What data sets are called in prose.
TITLES = {
    "fashion_mnist": "Fashion-MNIST",
    "mnist": "MNIST",
    "kmnist": "Kuzushiji-MNIST",
    "cifar10": "CIFAR-10",
    "stacked_digits": "stacked digits",
    "stacked_fashion": "stacked Fashion-MNIST",
    "stacked_mnist": "stacked MNIST",
}

GLOSSARY = {
    "judge": "The classifier whose features all distances are measured in. Numbers under "
    "different judges cannot be compared.",
    "FID": "Fréchet distance: how far mean and covariance of the samples' features are from those "
    "of real images. Debiased: extrapolated to infinitely many samples.",
    "floor": "The FID that as many real images have to other real images: what a perfect "
    "generator would reach with so many samples.",
    "recall": "The share of real images that lie within the samples: how much of the variety of "
    "the data a model draws. Precision is the share of samples that lie within the real images.",
    "coverage": "The share of real images with a sample nearby.",
    "seed": "The number that every random draw of a run comes from. Two runs that differ in it "
    "alone show how much is luck.",
    "code": "The random vector that a generator turns into an image.",
    "term": "One of the numbers whose sum a player minimises: its loss, and its penalties.",
}
