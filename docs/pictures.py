"""Dot plots as SVG, drawn with nothing but text."""

import math
from html import escape

ROW, LEFT, RIGHT, TOP, WIDTH = 18, 190, 20, 46, 900

# Distinct for all kinds of sight.
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#7f7f7f"]


# Who has which: in every picture the same.
NAMES = ["tenon", "onnxruntime", "openvino", "openblas", "torch", "xla", "iree", "tvm"]


def colour_of(name):
    return COLOURS[NAMES.index(name)] if name in NAMES else "#000000"


def text(x, y, words, anchor="start", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{escape(words)}</text>'


def line(x0, y0, x1, y1, colour, width=1.0):
    return f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def dot_plot(title, rows, series, ticks, mark=None, logarithmic=False):
    """A picture of named `rows` with at most one dot in each of the `series`.

    `rows` are (name, {series: value or (value, low, high)}); `ticks` are values from the left edge to the right one and
    what to call them; at `mark` there is a thicker line. Values beyond an edge are drawn on it.
    """
    scale = math.log if logarithmic else float
    first, last = scale(ticks[0][0]), scale(ticks[-1][0])

    def position(value):
        share = (scale(max(value, 1e-9)) - first) / (last - first)
        return LEFT + (WIDTH - LEFT - RIGHT) * min(max(share, 0.0), 1.0)

    height = TOP + ROW * len(rows) + 24
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
             'font-size="12">', f"<title>{escape(title)}</title>",
             f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
             text(10, 18, title, extra=' font-weight="bold"')]
    x = LEFT
    for name in series:
        parts += [f'<circle cx="{x + 5:.1f}" cy="32" r="4.5" fill="{colour_of(name)}"/>', text(x + 14, 36, name)]
        x += 26 + 7 * len(name)
    bottom = TOP + ROW * len(rows)
    for i in range(1, len(rows), 2):
        parts.append(f'<rect y="{TOP + ROW * i}" width="{WIDTH}" height="{ROW}" fill="#f4f4f4"/>')
    for value, name in ticks:
        bold = mark is not None and value == mark
        parts += [line(position(value), TOP, position(value), bottom, "#333" if bold else "#ddd", 1.5 if bold else 1.0),
                  text(position(value), bottom + 15, name, "middle")]
    for i, (name, values) in enumerate(rows):
        y = TOP + ROW * (i + 0.5)
        parts.append(text(LEFT - 10, y + 4, name, "end"))
        # Neighbouring series are shifted a little, so that equal dots don't hide each other.
        for j, key in enumerate(series):
            if key not in values:
                continue
            colour = colour_of(key)
            value, low, high = values[key] if isinstance(values[key], tuple) else (values[key],) * 3
            level = y + (j - (len(series) - 1) / 2) * min(4.0, 10 / len(series))
            if low < high:
                parts.append(line(position(low), level, position(high), level, colour, 1.5))
            parts.append(f'<circle cx="{position(value):.1f}" cy="{level:.1f}" r="3.5" fill="{colour}"/>')
    return "\n".join([*parts, "</svg>"]) + "\n"
