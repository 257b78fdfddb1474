"""What Core ML means to run on the Neural Engine, the GPU and the CPU: the values that say so."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TowerPlan:
    """One tower on this Mac.

    `operations` counts kinds of operation by device ("neural_engine", "gpu", "cpu"), `costs` is
    Core ML's own estimate of each device's share, 0..1. A plan is what Core ML means to do; that
    it did is another question.
    """

    tower: str  # "image" or "text"
    units: str
    operations: dict[str, dict[str, int]]
    costs: dict[str, float]
    first_load_s: float
    rows_per_s: float  # photos or sentences

    def on(self, device: str) -> int:
        """How many operations run on `device`.

        >>> plan = TowerPlan("image", "ALL", {"cpu": {"conv": 2, "relu": 1}}, {}, 0.1, 9.0)
        >>> plan.on("cpu"), plan.on("gpu")
        (3, 0)
        """
        return sum(self.operations.get(device, {}).values())
