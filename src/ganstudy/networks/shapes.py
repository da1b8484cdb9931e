"""Image sizes as networks see them: a base of odd or small side, doubled k times."""

from dataclasses import dataclass

from ganstudy.errors import InputError

SMALLEST_BASE, LARGEST_BASE = 4, 15


@dataclass(frozen=True)
class ImageShape:
    """Channels, height and width of the images of one study, in pixels."""

    channels: int
    height: int
    width: int

    @property
    def pixels(self) -> int:
        """Values in one image."""
        return self.channels * self.height * self.width

    def pyramid(self) -> list[tuple[int, int]]:
        """Sizes (height, width) from the base up to the full image, each twice the one before.

        28 gives 7, 14, 28; 32 gives 4, 8, 16, 32. Raises `InputError` when halving ends on a base
        that is too large to start from, naming sizes that work.
        """
        sizes = [(self.height, self.width)]
        while True:
            height, width = sizes[0]
            if height % 2 or width % 2 or min(height, width) // 2 < SMALLEST_BASE:
                break
            sizes.insert(0, (height // 2, width // 2))
        if max(sizes[0]) > LARGEST_BASE or len(sizes) < 2:
            raise InputError(
                f"network dcgan cannot reach {self.height}×{self.width} by doubling a base of "
                f"{SMALLEST_BASE} to {LARGEST_BASE} pixels; near it: data.resolution "
                f"{_near(max(self.height, self.width))}, or network.name mlp"
            )
        return sizes


def _near(side: int) -> int:
    """The reachable side closest to `side`."""
    reachable = [base << k for base in range(SMALLEST_BASE, LARGEST_BASE + 1) for k in range(1, 8)]
    return min(reachable, key=lambda candidate: (abs(candidate - side), candidate))
