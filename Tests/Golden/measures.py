"""Writes measures.json: scikit-learn's measures by class of guesses on three data sets.

usage: measures.py            (needs scikit-learn from PyPI; the file was written with version 1.9.1)

The data sets come with scikit-learn: handwritten digits (10 classes), wines (3 classes of unequal size), and drawn
points (40 classes of very unequal size, some without images in the test part, and some never guessed).
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.datasets import load_digits, load_wine, make_classification
from sklearn.metrics import balanced_accuracy_score, precision_recall_fscore_support
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier


def digits():
    images, labels = load_digits(return_X_y=True)
    return images, labels, 10, KNeighborsClassifier(1), 0.6


def wines():
    values, labels = load_wine(return_X_y=True)
    return values, labels, 3, DecisionTreeClassifier(max_depth=2, random_state=1), 0.5


def unequal():
    shares = 0.8 ** np.arange(40)
    values, labels = make_classification(
        3000, 20, n_informative=12, n_classes=40, n_clusters_per_class=1, weights=shares / shares.sum(), random_state=2)
    return values, labels, 40, DecisionTreeClassifier(max_depth=8, random_state=3), 0.3


sets = []
for make in (digits, wines, unequal):
    values, labels, classes, model, part = make()
    train, test, train_labels, truth = train_test_split(values, labels, test_size=part, random_state=4)
    guesses = model.fit(train, train_labels).predict(test)
    present = sorted(set(truth) | set(guesses))

    def scores(average, labels):
        found = precision_recall_fscore_support(truth, guesses, average=average, labels=labels, zero_division=0)
        return [np.asarray(values).tolist() for values in found[:3]]

    sets.append({
        "name": make.__name__, "classes": classes, "truth": truth.tolist(), "guesses": guesses.tolist(),
        "each": scores(None, list(range(classes))), "macro": scores("macro", present),
        "weighted": scores("weighted", present), "balanced": float(balanced_accuracy_score(truth, guesses)),
    })
path = pathlib.Path(__file__).with_name("measures.json")
text = json.dumps({"scikit-learn": sklearn.__version__, "sets": sets})
# Lines of numbers that fit a window.
words, lines = text.split(" "), [""]
for word in words:
    if len(lines[-1]) + len(word) > 118:
        lines.append("")
    lines[-1] += (" " if lines[-1] else "") + word
path.write_text("\n".join(lines) + "\n")
