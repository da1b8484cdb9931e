"""What is known of a data set before it is there."""

from ganstudy.params import DataParams

# What samples of a data set are stored as: (H, W, C) or (d,). A folder's follow from params.
NATIVE_SHAPES = {
    "fashion_mnist": (28, 28, 1),
    "mnist": (28, 28, 1),
    "kmnist": (28, 28, 1),
    "digits": (8, 8, 1),
    "cifar10": (32, 32, 3),
    "stacked_digits": (8, 8, 3),
    "stacked_fashion": (28, 28, 3),
    "stacked_mnist": (28, 28, 3),
    "ring": (2,),
    "grid": (2,),
}
# Bytes of the download, where a machine does not have the data in another way.
DOWNLOADS = {
    "fashion_mnist": 31_000_000,
    "stacked_fashion": 31_000_000,
    "mnist": 12_000_000,
    "stacked_mnist": 12_000_000,
    "kmnist": 21_000_000,
    "cifar10": 170_000_000,
}


def stored_shape(data: DataParams) -> tuple[int, ...]:
    """The shape that the data's samples will have, as far as params tell."""
    native = NATIVE_SHAPES.get(data.name, (0, 0, 3))
    if len(native) == 1:
        return native
    height, width, channels = native
    if data.resolution is not None:
        height = width = data.resolution
    return (height, width, data.channels or channels)
