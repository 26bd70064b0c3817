#!/usr/bin/env python3
"""Runs the compiled digit classifier on held-out digits, shows some, and compares it to onnxruntime.

    recognize.py digits.so
"""

import argparse
import pathlib
import sys
import time

import numpy as np
import onnxruntime
import tenon

from train import load_split

HERE = pathlib.Path(__file__).resolve().parent
PER_ROW = 4

# What both runtimes may differ by: probabilities near 1, computed in float32 in different orders.
TOLERANCE = 1e-5


class Style:
    """Terminal styles, empty when the output is not a terminal; shades in what the output can encode."""

    def __init__(self, stream):
        terminal = stream.isatty()
        self.bold, self.green, self.red, self.plain = \
            ("\033[1m", "\033[32m", "\033[31m", "\033[0m") if terminal else ("", "", "", "")
        unicode = (stream.encoding or "").lower().startswith("utf")
        self.shades = " ░▒▓█" if unicode else " .:*#"


def picture(image, shades):
    """The image as lines of text. Two characters a pixel make it square."""
    levels = np.minimum(image[0] / 16 * len(shades), len(shades) - 1).astype(int)
    return ["".join(2 * shades[level] for level in row) for row in levels]


def show(images, labels, probabilities, style):
    for start in range(0, len(labels), PER_ROW):
        part = slice(start, start + PER_ROW)
        for line in zip(*(picture(image, style.shades) for image in images[part])):
            print("  " + "   ".join(line).rstrip())
        captions = []
        for label, scores in zip(labels[part], probabilities[part]):
            answer = scores.argmax()
            text = f"{answer} ({scores[answer]:.1%})" if answer == label else \
                f"{answer} ({scores[answer]:.0%}), is {label}"
            captions.append((style.green if answer == label else style.red) + f"{text:^16}" + style.plain)
        print("  " + "   ".join(captions).rstrip() + "\n")


def median_seconds(call, count=2000):
    times = []
    for _ in range(count):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return float(np.median(times))


def main():
    parser = argparse.ArgumentParser(description="Recognizes held-out digits with a compiled model.")
    parser.add_argument("model", metavar="FILE", help="the compiled model, digits.so")
    options = parser.parse_args()
    style = Style(sys.stdout)

    _, _, images, labels = load_split()
    model = tenon.load(options.model)
    probabilities = np.concatenate([model(image=image[None])["probabilities"] for image in images])
    answers = probabilities.argmax(axis=1)
    right, wrong = np.flatnonzero(answers == labels), np.flatnonzero(answers != labels)

    print(f"\n{style.bold}Recognize: tenon.load(\"digits.so\")(image=...){style.plain}\n")
    chosen = right[:2 * PER_ROW]
    show(images[chosen], labels[chosen], probabilities[chosen], style)
    if len(wrong):
        print(f"{style.bold}Not recognized{style.plain}\n")
        chosen = wrong[:PER_ROW]
        show(images[chosen], labels[chosen], probabilities[chosen], style)

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(HERE / "digits.onnx", settings, providers=["CPUExecutionProvider"])
    expected = np.concatenate([session.run(None, {"image": image[None]})[0] for image in images])
    same = int((expected.argmax(axis=1) == answers).sum())
    difference = float(np.abs(expected - probabilities).max())

    feed = {"image": images[:1]}
    buffers = model(**feed)
    ours = median_seconds(lambda: model.run(feed, buffers))
    theirs = median_seconds(lambda: session.run(None, feed))

    print(f"{style.bold}Result{style.plain}\n")
    print(f"  accuracy     {len(right)} of {len(labels)} held-out digits, {len(right) / len(labels):.1%}")
    print(f"  agreement    {same} of {len(labels)} labels as onnxruntime's, "
          f"probabilities within {difference:.1e}")
    print(f"  latency      {ours * 1e6:.1f} us a call from Python, onnxruntime {theirs * 1e6:.1f} us (medians)")
    # Written so that a NaN fails too.
    if same != len(labels) or not difference <= TOLERANCE:
        print(f"recognize: results differ from onnxruntime's by {difference:.1e}, more than {TOLERANCE:.0e}",
              file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
