"""What a program should have printed of a mixed model, each number by its highest authority."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np

from tests.peers.authority import Fit, fitted
from tests.peers.conventions import other_criteria, other_tests
from tests.peers.inferred import Numbers, Other, by_F, by_t, likelihoods, named, satterthwaite
from tests.peers.model import Model


@dataclass(frozen=True)
class Truth:
    """The right numbers by quantity and part."""

    model: Model
    fit: Fit
    ml: bool
    numbers: dict[str, Numbers]

    @cached_property
    def others(self) -> list[Other]:
        """What programs print under the same name by other conventions, with whose they are."""
        return [*other_criteria(self.model, self.fit, ml=self.ml), *other_tests(self.model, self.fit)]


def truth(model: Model, *, ml: bool) -> Truth:
    """All quantities; raises ValueError where there is no fit."""
    fit, of_X = fitted(model, ml=ml), model.names
    df = fit.ddf(np.eye(len(of_X)))
    parts, V = [*_parts(model), "Residual"], [*(G[a][a] for G in fit.G for a in range(len(G))), fit.Ve]
    numbers = {
        "V": named(parts, V),
        "Ve": named([""], [fit.Ve]),
        "sd": named(parts, [Decimal(x).sqrt() for x in V]),
        **_between(model, fit.G),
        "coef": named(of_X, fit.coef),
        "se": named(of_X, fit.se),
        **by_t(of_X, fit.coef, fit.se, df),
        **likelihoods(fit, len(model.y)),
        **by_F(model, fit, model.L["III"], satterthwaite(fit, model.L["III"])),
    }
    return Truth(model, fit, ml, numbers)


def _parts(model: Model) -> list[str]:
    """A group where its intercept alone varies, else group.column, as lme4's VarCorr has them."""
    return [
        group if names == ["(Intercept)"] else f"{group}.{name}"
        for group, (names, _) in model.Z.items()
        for name in names
    ]


def _between(model: Model, Gs: list[Any]) -> dict[str, Numbers]:
    """Covariances and correlations of a component's columns: group.a.b; none where a variance is 0."""
    cov, corr = {}, {}
    for (group, (names, _)), G in zip(model.Z.items(), Gs, strict=True):
        for b in range(len(names)):
            for a in range(b + 1, len(names)):
                part, of = f"{group}.{names[b]}.{names[a]}", Decimal(G[a][b])
                cov[part] = of
                if G[a][a] > 0 and G[b][b] > 0:
                    corr[part] = of / (Decimal(G[a][a]) * Decimal(G[b][b])).sqrt()
    return {"cov": cov, "corr": corr}
