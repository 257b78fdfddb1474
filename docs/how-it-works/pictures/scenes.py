"""One picture of each scene that we can draw."""

from card import blank, drawn, save, show

ACROSS, W, H, GAP = 4, 1.62, 1.215, 0.12  # inches
FIRST = 32


def main() -> None:
    """Draw it."""
    rows = 4
    figure, axes = blank(ACROSS * (W + GAP) + GAP, rows * (H + GAP) + GAP)
    size = axes.get_xlim(), axes.get_ylim()
    for number in range(ACROSS * rows):
        row, column = divmod(number, ACROSS)
        left, bottom = GAP + column * (W + GAP), GAP + (rows - 1 - row) * (H + GAP)
        show(axes, drawn(FIRST + number)[0], (left, bottom, W, H))
    axes.set_xlim(*size[0])
    axes.set_ylim(*size[1])
    save(figure, "scenes")


if __name__ == "__main__":
    main()
