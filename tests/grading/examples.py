"""How many examples of each theorem a submission or a package is shown, and which."""

import hypothesis
from hypothesis import Phase
from hypothesis.internal.conjecture import engine

EXAMPLES, SHRINKS = 8, 40


def few_examples(seed: int | None = None) -> None:
    """Hypothesis as others than lmm_core are judged: the same few draws every time, shrunk a little.

    None is the public draw; another number another draw.
    """
    hypothesis.settings.register_profile(
        "submission",
        max_examples=EXAMPLES,
        derandomize=seed is None,
        phases=(Phase.generate, Phase.shrink),
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.settings.load_profile("submission")
    hypothesis.core.global_force_seed = seed
    shrink(enough=False)


def shrink(*, enough: bool) -> None:
    """Whether an example has been found already: one small one is enough, and to find it costs calls."""
    engine.MAX_SHRINKS = 0 if enough else SHRINKS
