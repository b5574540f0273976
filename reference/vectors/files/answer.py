"""python answer.py DIR answers.json: statsmodels' answers to the vectors in DIR, by their matrices."""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
from statsmodels.regression.mixed_linear_model import MixedLM

warnings.simplefilter("ignore")
folder, path = map(Path, sys.argv[1:])
answers = []


def say(vector, quantity, values):
    """A row for each number."""
    for index, value in enumerate(np.atleast_1d(values), 1):
        row = {"id": vector["id"], "quantity": quantity, "index": index}
        answers.append(row | {"value": value if isinstance(value, str) else float(value)})


def answer(vector):
    """Variances, coef, se and criterion; MixedLM has one term, and no df."""
    numbers, reml = vector["numbers"], vector["method"] == "REML"
    X, y = np.array(numbers["X"], float), np.array(numbers["y"], float)
    (term,) = numbers["terms"]
    fit = MixedLM(y, X, term["group"], np.array(term["Z"], float)).fit(reml=reml)
    G = np.atleast_2d(fit.cov_re)
    say(vector, "variances", [G[a, b] for a in range(len(G)) for b in range(a + 1)])
    say(vector, "Ve", fit.scale)
    say(vector, "coef", fit.fe_params)
    say(vector, "se", fit.bse_fe)
    say(vector, "criterion", -2 * fit.llf)


for file in sorted(folder.glob("*.json")):
    for vector in json.loads(file.read_text(encoding="utf-8")).get("vectors", []):
        if len(vector["numbers"]["terms"]) > 1:
            continue
        try:
            answer(vector)
        except Exception as error:
            say(vector, "refuse", [f"{type(error).__name__}: {error}"])

path.write_text(json.dumps({"program": "statsmodels", "answers": answers}), encoding="utf-8")
