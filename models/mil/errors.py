"""What can be wrong with a package, beside the families of `models.errors`.

KnownError
├── BadPackage         an .mlpackage that is cut, damaged, or no ML program
└── UnknownOperation   an operation, or a setting of one, that the evaluator does not know
"""

from models.errors import KnownError


class BadPackage(KnownError):
    """A package on disk that can not be read, or that contradicts itself."""


class UnknownOperation(KnownError):
    """The evaluator refuses what it does not know: it never passes over it.

    `what` names it, such as "the mode 'FAST' of gelu".
    """

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(
            f"The evaluator does not know {what}. "
            "Export the model without it, or teach it to models/mil."
        )
