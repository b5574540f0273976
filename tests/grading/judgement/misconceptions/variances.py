"""Exercise 4.2: variances of the population and of the sample."""

import numpy as np

from tests.grading.judgement.misconceptions.ingredients import anova_of_buckets, by_bucket, reml, treatment, variances
from tests.grading.judgement.misconceptions.registry import misconception


@misconception("sd-not-squared", "model_variances", "Standard deviations were used as variances: square them first.")
def _(sigma_bucket, sigma_within):
    return variances(sigma_bucket, sigma_within)


@misconception(
    "rho-without-residual",
    "model_variances",
    "The correlation is the share of the whole variance that lies between buckets: what is divided by must "
    "contain the residual variance as well.",
)
def _(sigma_bucket, sigma_within):
    return variances(sigma_bucket**2, sigma_within**2, rho=sigma_bucket**2 / sigma_within**2)


@misconception("rho-without-residual", "model_variances", "")
def _(sigma_bucket, sigma_within):
    return variances(sigma_bucket**2, sigma_within**2, rho=1.0)


@misconception(
    "rho-of-sds",
    "model_variances",
    "The correlation was made of standard deviations. It is a share of variance: what it divides are variances.",
)
def _(sigma_bucket, sigma_within):
    return variances(sigma_bucket**2, sigma_within**2, rho=sigma_bucket / (sigma_bucket + sigma_within))


@misconception("rho-of-sds", "model_variances", "")
def _(sigma_bucket, sigma_within):
    return variances(sigma_bucket**2, sigma_within**2, rho=sigma_bucket / np.hypot(sigma_bucket, sigma_within))


@misconception(
    "total-as-between",
    "empirical_variances",
    "The variance of all weights was taken for the variance between buckets. It holds both: what varies within "
    "buckets has to be taken off.",
)
def _(data):
    Ve, Vbe = by_bucket(data).var().mean(), data["weight"].var()
    return variances(Vbe, Ve, Vbe)


@misconception("total-as-between", "empirical_variances", "")
def _(data):
    Ve, Vbe = by_bucket(data).var().mean(), data["weight"].var()
    return variances(Vbe, Ve)


@misconception(
    "divide-by-n",
    "empirical_variances",
    "A variance was divided by n. A mean was estimated from the same numbers, so n - 1 of them are free.",
)
def _(data):
    Ve, Vbe = by_bucket(data).var(ddof=0).mean(), data["weight"].var(ddof=0)
    return variances(Vbe - Ve, Ve, Vbe)


@misconception("divide-by-n", "empirical_variances", "")
def _(data):
    Ve, Vbe = by_bucket(data).var(ddof=0).mean(), data["weight"].var()
    return variances(Vbe - Ve, Ve, Vbe)


@misconception("divide-by-n", "empirical_variances", "")
def _(data):
    Ve, Vbe = by_bucket(data).var().mean(), data["weight"].var(ddof=0)
    return variances(Vbe - Ve, Ve, Vbe)


@misconception(
    "variance-of-bucket-means",
    "empirical_variances",
    "The variance of the bucket means was taken for Vb. The means vary more than the buckets: each still carries "
    "Ve / n of its frogs.",
)
def _(data):
    return variances(by_bucket(data).mean().var(), by_bucket(data).var().mean(), data["weight"].var())


@misconception("variance-of-bucket-means", "empirical_variances", "")
def _(data):
    return variances(by_bucket(data).mean().var(), by_bucket(data).var().mean())


@misconception(
    "sd-for-variance",
    "empirical_variances",
    "These are standard deviations. Standard deviations cannot be added or subtracted; variances can.",
)
def _(data):
    Ve, Vbe = by_bucket(data).std().mean(), data["weight"].std()
    return variances(Vbe - Ve, Ve, Vbe)


@misconception("sd-for-variance", "empirical_variances", "")
def _(data):
    Ve, Vbe = by_bucket(data).var().mean(), data["weight"].var()
    Vb = Vbe - Ve
    return variances(np.sqrt(abs(Vb)), np.sqrt(Ve), np.sqrt(Vbe), Vb / Vbe)


@misconception(
    "pooled-variance",
    "empirical_variances",
    "All deviations within buckets were pooled into one Ve, so that large buckets count more. It is a good estimator, "
    "another than the exercise asks for: the plain mean of the buckets' variances. Both agree where buckets are equal.",
)
def _(data):
    within = data["weight"] - by_bucket(data).transform("mean")
    Ve, Vbe = np.sum(within**2) / (len(data) - data["bucket"].nunique()), data["weight"].var()
    return variances(Vbe - Ve, Ve, Vbe)


@misconception(
    "anova-estimator",
    "empirical_variances",
    "Vb is what is left of the variance of bucket means after Ve / n is taken off: the ANOVA estimator, a better one "
    "than the exercise asks for. Vb here is the variance of all weights minus Ve.",
)
def _(data):
    MSB, MSE, n = anova_of_buckets(data, with_colors=False)
    return variances((MSB - MSE) / n, MSE)


@misconception("anova-estimator", "empirical_variances", "")
def _(data):
    MSB, MSE, n = anova_of_buckets(data, with_colors=True)
    return variances((MSB - MSE) / n, MSE)


@misconception("anova-estimator", "empirical_variances", "")
def _(data):
    Ve, n = by_bucket(data).var().mean(), len(data) / data["bucket"].nunique()
    return variances(by_bucket(data).mean().var() - Ve / n, Ve, data["weight"].var())


@misconception("anova-estimator", "empirical_variances", "")
def _(data):
    Ve, n = by_bucket(data).var().mean(), len(data) / data["bucket"].nunique()
    return variances(by_bucket(data).mean().var() - Ve / n, Ve)


@misconception(
    "sds-added",
    "model_variances",
    "Standard deviations were added and the sum squared. It is variances that add: the square of each comes first.",
)
def _(sigma_bucket, sigma_within):
    return variances(sigma_bucket**2, sigma_within**2, (sigma_bucket + sigma_within) ** 2)


@misconception(
    "residual-share",
    "model_variances",
    "This is the share of the variance within buckets. Frogs of a bucket are alike in what they share: the correlation "
    "is the share between buckets.",
)
def _(sigma_bucket, sigma_within):
    return variances(sigma_bucket**2, sigma_within**2, rho=sigma_within**2 / (sigma_bucket**2 + sigma_within**2))


@misconception(
    "residual-share",
    "empirical_variances",
    "rho is the share of the variance within buckets here. Frogs of a bucket are alike in what they share: it is the "
    "share between buckets.",
)
def _(data):
    Ve, Vbe = by_bucket(data).var().mean(), data["weight"].var()
    return variances(Vbe - Ve, Ve, Vbe, Ve / Vbe)


@misconception(
    "rho-without-residual",
    "empirical_variances",
    "rho is a ratio of the two variances here. It is a share: what is divided by has to contain both.",
)
def _(data):
    Ve, Vbe = by_bucket(data).var().mean(), data["weight"].var()
    return variances(Vbe - Ve, Ve, Vbe, (Vbe - Ve) / Ve)


@misconception(
    "bucket-mu-for-estimate",
    "empirical_variances",
    "Vb was computed from bucket_mu, which nobody sees in an experiment. It is to be estimated from the weights.",
)
def _(data):
    Vb = data.groupby("bucket")["bucket_mu"].first().var()
    return variances(Vb, by_bucket(data).var().mean(), data["weight"].var())


@misconception("bucket-mu-for-estimate", "empirical_variances", "")
def _(data):
    return variances(data.groupby("bucket")["bucket_mu"].first().var(), by_bucket(data).var().mean())


@misconception(
    "variances-subtracted",
    "model_variances",
    "The variances were subtracted. What varies between buckets and what varies within them add up to a frog's "
    "variance.",
)
def _(sigma_bucket, sigma_within):
    return variances(sigma_bucket**2, sigma_within**2, sigma_bucket**2 - sigma_within**2)


@misconception(
    "doubled-for-squared",
    "model_variances",
    "The standard deviations were doubled. A variance is the square of a standard deviation.",
)
def _(sigma_bucket, sigma_within):
    return variances(2 * sigma_bucket, 2 * sigma_within)


@misconception(
    "root-for-square",
    "model_variances",
    "Roots were taken of the standard deviations. It is the other way round: a variance is the square of a standard "
    "deviation.",
)
def _(sigma_bucket, sigma_within):
    return variances(np.sqrt(sigma_bucket), np.sqrt(sigma_within))


@misconception(
    "sd-for-variance",
    "model_variances",
    "Vbe is a standard deviation here: the root of a sum of variances. It is the sum itself.",
)
def _(sigma_bucket, sigma_within):
    Vb, Ve = sigma_bucket**2, sigma_within**2
    return variances(Vb, Ve, np.hypot(sigma_bucket, sigma_within), Vb / (Vb + Ve))


@misconception(
    "colors-for-buckets",
    "empirical_variances",
    "The variance within colours was taken for Ve. Buckets differ within a colour; Ve is what varies within a bucket.",
)
def _(data):
    Ve, Vbe = data.groupby("color", observed=True)["weight"].var().mean(), data["weight"].var()
    return variances(Vbe - Ve, Ve, Vbe)


@misconception(
    "variances-summed",
    "empirical_variances",
    "The variances of the buckets were summed up. Ve is their mean.",
)
def _(data):
    Ve, Vbe = by_bucket(data).var().sum(), data["weight"].var()
    return variances(Vbe - Ve, Ve, Vbe)


@misconception(
    "variances-swapped",
    "empirical_variances",
    "Vb and Ve are in each other's place: Ve is what varies within buckets.",
)
def _(data):
    Ve, Vbe = by_bucket(data).var().mean(), data["weight"].var()
    return variances(Ve, Vbe - Ve, Vbe)


@misconception(
    "divisor-of-all",
    "empirical_variances",
    "The deviations from the buckets' means were taken for one sample, and divided by all frogs but one. Every "
    "bucket's mean was estimated, and costs one.",
)
def _(data):
    Ve, Vbe = (data["weight"] - by_bucket(data).transform("mean")).var(), data["weight"].var()
    return variances(Vbe - Ve, Ve, Vbe)


@misconception(
    "within-added",
    "empirical_variances",
    "Ve was added where it is to be taken off: the variance of all weights has it already.",
)
def _(data):
    Ve, Vbe = by_bucket(data).var().mean(), data["weight"].var()
    return variances(Vbe + Ve, Ve, Vbe)


@misconception("sd-not-squared", "model_variances", "")
def _(sigma_bucket, sigma_within):
    Vb, Ve = sigma_bucket**2, sigma_within**2
    return variances(sigma_bucket, sigma_within, np.sqrt(Vb + Ve), Vb / (Vb + Ve))


@misconception(
    "sds-averaged",
    "empirical_variances",
    "The standard deviations of the buckets were averaged, and the mean was squared. It is their variances that are "
    "averaged.",
)
def _(data):
    Ve, Vbe = by_bucket(data).std().mean() ** 2, data["weight"].var()
    return variances(Vbe - Ve, Ve, Vbe)


@misconception("bucket-mu-for-estimate", "empirical_variances", "")
def _(data):
    Ve, Vbe = (data["weight"] - data["bucket_mu"]).var(), data["weight"].var()
    return variances(Vbe - Ve, Ve, Vbe)


@misconception("bucket-mu-for-estimate", "empirical_variances", "")
def _(data):
    Vb, Ve = data.groupby("bucket")["bucket_mu"].first().var(), (data["weight"] - data["bucket_mu"]).var()
    return variances(Vb, Ve)


@misconception(
    "grouped-by-id",
    "empirical_variances",
    "Weights were grouped by the frogs' numbers. Frog 1 of one bucket has nothing in common with frog 1 of another: Ve "
    "is what varies within a bucket.",
)
def _(data):
    Ve, Vbe = data.groupby("id")["weight"].var().mean(), data["weight"].var()
    return variances(Vbe - Ve, Ve, Vbe)


@misconception(
    "aligned-by-name",
    "empirical_variances",
    "The means of the buckets were taken off the wrong rows: a table by buckets and a table by frogs are matched by "
    "the names of their rows, row 3 with bucket 3. Each frog needs the mean of its own bucket beside it.",
)
def _(data):
    Ve, Vbe = (data["weight"] - by_bucket(data).mean()).var(), data["weight"].var()
    return variances(Vbe - Ve, Ve, Vbe)


@misconception("aligned-by-name", "empirical_variances", "")
def _(data):
    resid, Vbe = data["weight"] - by_bucket(data).mean(), data["weight"].var()
    Ve = (resid**2).sum() / (len(data) - data["bucket"].nunique())
    return variances(Vbe - Ve, Ve, Vbe)


@misconception(
    "reml-for-moments",
    "empirical_variances",
    "These are the variances of a mixed model, fitted by REML. It is a better estimate, of exercise 4.4; asked for are "
    "the mean of the buckets' variances, and what it leaves of the variance of all weights.",
)
def _(data):
    fit = reml(np.ones((len(data), 1)), data["weight"].to_numpy(float), data["bucket"].to_numpy())
    return variances(fit["Vb"], fit["Ve"])


@misconception("reml-for-moments", "empirical_variances", "")
def _(data):
    fit = reml(*treatment(data))
    return variances(fit["Vb"], fit["Ve"])
