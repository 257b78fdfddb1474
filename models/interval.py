"""Say how far a share that was counted on a few cases can be trusted."""

import math

Z = 1.959964  # 95% of a normal distribution lie within this many sigmas


def wilson(share: float, n: int) -> list[float]:
    """The 95% interval [low, high] of a share seen in `n` independent cases (Wilson 1927).

    Unlike share ± 1.96 sigma it stays within 0..1, and stays honest at 0, at 1 and for few cases.

    >>> [round(end, 3) for end in wilson(0.5, 100)]
    [0.404, 0.596]
    """
    if n == 0:
        return [0.0, 1.0]
    slack = Z * Z / n
    middle = (share + slack / 2) / (1 + slack)
    half = Z / (1 + slack) * math.sqrt(share * (1 - share) / n + slack / (4 * n))
    return [max(0.0, middle - half), min(1.0, middle + half)]
