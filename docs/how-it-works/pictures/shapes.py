"""Four sentences about one picture of two shapes, two of them true."""

from card import GREEN, RED, blank, drawn, save, show

SEED = 2_000_056  # two shapes of strong colours


def main() -> None:
    """Draw it."""
    figure, axes = blank(7.2, 2.4)
    picture, sentence = drawn(SEED, (240, 180))
    words = sentence.split()
    left, kind, right, other = words[1], words[2], words[5], words[6]
    show(axes, picture, (0.25, 0.45, 2.0, 1.5))
    said = (
        (f"a {left} {kind} and a {right} {other}", GREEN, "yes"),
        (f"a {right} {kind} and a {left} {other}", RED, "no: the colours are swapped"),
        (f"a {left} {kind} to the left of a {right} {other}", GREEN, "yes"),
        (f"a {right} {other} to the left of a {left} {kind}", RED, "no: the sides are swapped"),
    )
    for number, (text, colour, verdict) in enumerate(said):
        y = 1.93 - 0.45 * number
        axes.text(2.55, y, text, fontsize=10.5, va="center")
        axes.text(2.55, y - 0.19, verdict, fontsize=8.5, color=colour, va="center")
    axes.set_xlim(0, 7.2)
    axes.set_ylim(0, 2.4)
    save(figure, "shapes")


if __name__ == "__main__":
    main()
