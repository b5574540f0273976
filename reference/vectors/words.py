"""The fixed lists of the format: topics, flags, mistakes, quantities, each with a sentence."""

VERSION = "1.0.0"
SCHEMA = 1
TOPICS = ("ordinary", "unbalanced", "boundary", "minima", "places", "strd", "several", "slopes", "singular", "refusals")
FLAGS = {
    "ML": "fitted by maximum likelihood, not by REML",
    "any order": "the rows of a group do not stand together",
    "book": "data that many programs print",
    "boundary": "the variance of the groups is 0, and the criterion rises from there",
    "covariate": "a numeric column among the fixed effects",
    "crossed": "neither factor has its levels within those of the other",
    "far apart": "groups differ very much more than rows do",
    "far from zero": "a column is far from zero, measured by its spread",
    "just inside the boundary": "the variance of the groups is positive, and very small",
    "leading digits agree": "the leading digits of the response agree, so that sums of squares cancel",
    "nested": "the levels of one factor lie within those of another",
    "no constant": "the constant is not the first column of X",
    "no fit": "the model has no fit, and should be refused",
    "several coefficients": "a factor of several levels, or several covariates",
    "several minima": "the criterion has a minimum that is not the lowest",
    "singular": "a G of less than full rank",
    "unit": "a column in a very small or a very large unit",
}
MISTAKES = {
    "ML": "these are ML's numbers, not REML's",
    "REML": "these are REML's numbers, not ML's",
    "residual df": "df = N - p: no Satterthwaite",
    "levels minus coefficients df": "df = levels - p: no Satterthwaite",
    "normal distribution": "p of z by the normal distribution, not of t",
    "standard deviations": "these are standard deviations (and correlations), not variances",
    "variances of coefficients": "these are variances, not standard errors",
    "ordinary least squares": "the groups are ignored: ordinary least squares",
    "log likelihood": "this is the log likelihood, not -2 times it",
    "criterion with log|X'X|": "the criterion lacks lme4's constant: it is less by log|X'X|",
    "swapped variances": "the variances of groups and of rows are exchanged",
    "the higher minimum": "this is the higher of two minima",
    "a negative variance": "this is the moment estimator, which may be negative",
    "last level's treatment": "contrasts with the last level, as SAS has them, not with the first",
    "a diagonal G": "the covariance of intercept and slope is taken for 0: lme4's ||",
    "correlation for covariance": "this is the correlation, where the covariance is asked",
}
QUANTITIES = {
    "variances": "lower triangles of the covariance matrices G of all terms, row by row, term by term",
    "Ve": "the residual variance",
    "coef": "fixed effects, by the columns of X",
    "se": "their standard errors",
    "criterion": "-2 log (restricted) likelihood, with lme4's constant",
    "df": "Satterthwaite's degrees of freedom of each coefficient, as lmerTest's",
    "t": "coef / se",
    "p": "two-sided p-values of t on df",
    "F": "Wald's F of the columns `tested`",
    "F_df": "its numerator and denominator degrees of freedom, Satterthwaite's",
    "F_p": "its p-value",
    "kr_expected_se": "Kenward and Roger's standard errors by the expected information, as pbkrtest's and mmrm's",
    "kr_expected_df": "Kenward and Roger's degrees of freedom by the expected information",
    "kr_observed_se": "Kenward and Roger's standard errors by the observed information, as PROC MIXED's",
    "kr_observed_df": "Kenward and Roger's degrees of freedom by the observed information: Satterthwaite's",
}
