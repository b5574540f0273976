"""Exercise 4.4: the right F of colour, judged on other degrees of freedom or by another tail."""

import numpy as np
from scipy import stats

from tests.grading.judgement.misconceptions.ingredients import (
    f_test,
    mixed_anova,
)
from tests.grading.judgement.misconceptions.registry import misconception


@misconception(
    "residual-df",
    "anova_reml",
    "F is judged on frogs minus colours, and minus the variances, if df.residual has counted them. Colours are "
    "compared across buckets, and the df have to count these.",
)
def _(data):
    F, q, _, residual_df = mixed_anova(data)
    return f_test(F, q, residual_df)


@misconception("residual-df", "anova_reml", "")
def _(data):
    F, q, _, residual_df = mixed_anova(data)
    return f_test(F, q, residual_df - 2)


@misconception(
    "chi-square-p-value",
    "anova_reml",
    "The p-value is that of a chi-square test, as if the variances were known. With few buckets they are not, and F "
    "has to be judged on its denominator df.",
)
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q, df, stats.chi2.sf(q * F, q))


@misconception(
    "lower-tail",
    "anova_reml",
    "The p-value is the lower tail. What speaks against equal colours is a large F: the tail above it counts.",
)
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q, df, stats.f.cdf(F, q, df))


@misconception(
    "p-doubled",
    "anova_reml",
    "p is twice what it ought to be. Twice a tail is for a t, which may be large on either side; F has one side only.",
)
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q, df, 2 * stats.f.sf(F, q, df))


@misconception(
    "df-swapped",
    "anova_reml",
    "The two degrees of freedom are in each other's place, in the result or where p is computed: first come the "
    "numerator's, of the colours, then the denominator's, of the buckets.",
)
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q, df, stats.f.sf(F, df, q))


@misconception("df-swapped", "anova_reml", "")
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, df, q, stats.f.sf(F, q, df))


@misconception("df-swapped", "anova_reml", "")
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, df, q)


@misconception("chi-square-p-value", "anova_reml", "")
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q, df, stats.chi2.sf(F, q))


@misconception(
    "buckets-minus-one",
    "anova_reml",
    "F is judged on buckets minus one. Every colour mean costs a degree of freedom, not all of them together one.",
)
def _(data):
    F, q, _, _ = mixed_anova(data)
    return f_test(F, q, data["bucket"].nunique() - 1)


@misconception(
    "one-too-few",
    "anova_reml",
    "F is judged on buckets minus colours minus one. The overall mean is one of the colour means: it "
    "is taken off twice.",
)
def _(data):
    F, q, _, _ = mixed_anova(data)
    return f_test(F, q, data["bucket"].nunique() - q - 2)


@misconception(
    "buckets-minus-colors",
    "anova_reml",
    "F is judged on buckets minus colours. That is right where all buckets have as many frogs and "
    "Vb is not 0; elsewhere Satterthwaite's df are others.",
)
def _(data):
    F, q, _, _ = mixed_anova(data)
    return f_test(F, q, data["bucket"].nunique() - q - 1)


@misconception(
    "colors-not-minus-one",
    "anova_reml",
    "The numerator's df are the number of colours. That their means are equal says one thing less than there are "
    "colours.",
)
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q + 1, df)


@misconception(
    "normal-theory",
    "anova_reml",
    "The denominator df are infinite, as if the variances were known. They were estimated from few buckets, and F "
    "has to say so.",
)
def _(data):
    F, q, _, _ = mixed_anova(data)
    return f_test(F, q, 1e6)


@misconception("normal-theory", "anova_reml", "")
def _(data):
    F, q, _, _ = mixed_anova(data)
    return f_test(F, q, 1e9)


@misconception(
    "p-halved",
    "anova_reml",
    "p is half of what it ought to be. F has one tail already: both signs of a difference make it large.",
)
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q, df, stats.f.sf(F, q, df) / 2)


@misconception(
    "cut-to-whole-numbers",
    "anova_reml",
    "The df are cut to whole numbers. Satterthwaite's df come from matching a variance and are no count: their "
    "decimals belong to them.",
)
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q, np.floor(df + 1e-6))


@misconception("cut-to-whole-numbers", "anova_reml", "")
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q, np.floor(df - 1e-6))


@misconception("cut-to-whole-numbers", "anova_reml", "")
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q, np.round(df))


@misconception(
    "frogs-minus-one",
    "anova_reml",
    "F is judged on frogs minus one. Colours are compared across buckets, and the df have to count these.",
)
def _(data):
    F, q, _, _ = mixed_anova(data)
    return f_test(F, q, len(data) - 1.0)


@misconception("colors-not-minus-one", "anova_reml", "")
def _(data):
    F, q, df, _ = mixed_anova(data)
    return f_test(F, q + 1, df, stats.f.sf(F, q, df))


@misconception(
    "frogs-minus-buckets",
    "anova_reml",
    "The denominator has frogs minus buckets df, what is left within buckets. A colour is compared with how much its "
    "buckets differ, and there are few of these.",
)
def _(data):
    F, q, *_ = mixed_anova(data)
    return f_test(F, q, len(data) - data["bucket"].nunique())
