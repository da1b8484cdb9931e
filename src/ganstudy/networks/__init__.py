"""Networks: families by name, the shapes they work on, and the specs that rebuild them."""

from ganstudy.networks.families import NETWORKS, NetworkFamily
from ganstudy.networks.shapes import ImageShape, PointShape, Shape, shape_of
from ganstudy.networks.specs import DiscriminatorSpec, EncoderSpec, GeneratorSpec

__all__ = [
    "NETWORKS",
    "DiscriminatorSpec",
    "EncoderSpec",
    "GeneratorSpec",
    "ImageShape",
    "NetworkFamily",
    "PointShape",
    "Shape",
    "shape_of",
]
