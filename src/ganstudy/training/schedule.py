"""Learning rate over training: a pure function."""


def linear_decay(progress: float, decay: float) -> float:
    """Factor on the learning rate at `progress` in [0, 1]: 1, then linear to 0 over the last
    `decay` share of training."""
    return 1.0 if decay == 0 else min(1.0, (1 - progress) / decay)
