# Trains the network of programs/digits and writes its data; run from the repository's root:
#   python -m tools.training.digits [--check | --cross-validate] [--program FOLDER]
"""Command line of the digits training."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from tools.training import artefacts
from tools.training.network import Integers, Parameters, decide, rate_code, run
from tools.training.surrogate import Recipe, train

PROGRAM = Path(__file__).resolve().parents[2] / "programs" / "digits"
HELD_OUT = 360
SPLIT_SEED = 0
FOLDS = 5


def load_digits() -> tuple[Integers, Integers]:
    """The 1,797 images of scikit-learn's copy of the UCI optical digits: pixels[1797, 64] in 0..16, labels[1797]."""
    try:
        from sklearn.datasets import load_digits as load
    except ImportError:
        sys.exit("digits: scikit-learn is needed to train (it ships the images): pip install scikit-learn")
    bunch = load()
    return bunch.data.astype(np.int64), bunch.target.astype(np.int64)


def split(labels: Integers) -> tuple[Integers, Integers]:
    """Stratified, seeded split: indices of the training images and of the 360 held-out images."""
    from sklearn.model_selection import train_test_split

    training, held_out = train_test_split(
        np.arange(len(labels)), test_size=HELD_OUT, stratify=labels, random_state=SPLIT_SEED
    )
    return training, held_out


def accuracy(pixels: Integers, labels: Integers, weights: artefacts.Digits, parameters: Parameters) -> float:
    """Share of images classified correctly by bit-exact integer inference."""
    trace = run(rate_code(pixels, parameters), weights.hidden_weights, weights.output_weights, parameters)
    return float((decide(trace) == labels).mean())


def fit(pixels: Integers, labels: Integers, training: Integers, tested: Integers, recipe: Recipe) -> artefacts.Digits:
    """Train on the images `training`; the result carries the images `tested`."""
    parameters = Parameters()

    def progress(epoch: int) -> None:
        if sys.stderr.isatty():
            print(f"\repoch {epoch + 1}/{recipe.epochs}", end="", file=sys.stderr, flush=True)

    hidden, output = train(pixels[training], labels[training], parameters, recipe, progress)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return artefacts.Digits(hidden, output, pixels[tested], labels[tested])


def cross_validate(recipe: Recipe) -> int:
    """Five folds of the training images; how the recipe and the parameters were chosen."""
    from sklearn.model_selection import StratifiedKFold

    pixels, labels = load_digits()
    training, _ = split(labels)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SPLIT_SEED).split(training, labels[training])
    scores = []
    for fit_part, score_part in folds:
        fitted = fit(pixels, labels, training[fit_part], training[score_part], recipe)
        scores.append(accuracy(fitted.pixels, fitted.labels, fitted, Parameters()))
        print(f"fold {len(scores)}: {scores[-1]:.4f}")
    print(f"mean {np.mean(scores):.4f}")
    return 0


def check(folder: Path) -> int:
    """Re-evaluate the committed weights; 0 if manifest and expectation agree with them."""
    damaged = artefacts.damaged(folder)
    if damaged:
        print(f"digits: {folder / 'data'}: not as in {artefacts.MANIFEST}: {', '.join(damaged)}", file=sys.stderr)
        return 1
    predicted = artefacts.predict(artefacts.read(folder, Parameters()), Parameters())
    expected = json.loads((folder / "expect.json").read_text())
    print(f"held-out accuracy {predicted['correct']} of {predicted['images']}, checksum {predicted['checksum']}")
    if predicted != expected:
        differing = ", ".join(key for key in predicted if predicted[key] != expected.get(key))
        print(f"digits: {folder / 'expect.json'}: differs from the weights in: {differing}", file=sys.stderr)
        return 1
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools.training.digits", description=__doc__)
    parser.add_argument("--check", action="store_true", help="re-evaluate the committed weights, change nothing")
    parser.add_argument("--cross-validate", action="store_true", help="5-fold accuracy within the training images")
    parser.add_argument("--program", type=Path, default=PROGRAM, help="folder of the program (default: %(default)s)")
    arguments = parser.parse_args()
    if arguments.check:
        try:
            return check(arguments.program)
        except (OSError, ValueError) as error:
            print(f"digits: cannot check {arguments.program}: {error}; restore the files from git", file=sys.stderr)
            return 1
    if arguments.cross_validate:
        return cross_validate(Recipe())
    pixels, labels = load_digits()
    training, held_out = split(labels)
    fitted = fit(pixels, labels, training, held_out, Recipe())
    artefacts.write(arguments.program, fitted, Parameters())
    trained_on = accuracy(pixels[training], labels[training], fitted, Parameters())
    print(f"training accuracy {trained_on:.4f}")
    return check(arguments.program)


if __name__ == "__main__":
    sys.exit(main())
