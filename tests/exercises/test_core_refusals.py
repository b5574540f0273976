"""What lmm_core owes beyond the contract: bad input is refused, in one sentence with the offending numbers."""

import numpy as np
import pandas as pd
import pytest

from reference import golden
from tests.assertions import assert_close, assert_equal

pytestmark = pytest.mark.core_only

y = np.array([1.0, 2.0, 4.0, 3.0, 5.0, 9.0])
X = np.column_stack([np.ones(6), [0, 1, 0, 1, 0, 1]])
group = np.array([1, 1, 2, 2, 3, 3])
V = np.eye(6)
data = golden.load("chapter_2").data
colors = ["red", "green"]

REFUSALS = {
    "rows": (lambda core: core.ols(X[:5], y), "X has 5 rows but y has 6"),
    "rows_of_group": (lambda core: core.fit_reml(X, y, group[:5]), "X has 6 rows but group has 5"),
    "nan": (lambda core: core.ols(X, np.where(y == 4, np.nan, y)), "y has 1 NaN or infinite values among its 6"),
    "infinite": (
        lambda core: core.gls(X, y, np.where(V == 1, np.inf, V)),
        "V has 6 NaN or infinite values among its 36",
    ),
    "text": (lambda core: core.ols(X, ["a"] * 6), "y is not numeric: it has 'a'"),
    "dimensions": (lambda core: core.ols(y, y), "X has 1 dimensions (6,); expected 2"),
    "rank": (lambda core: core.ols(np.ones((6, 2)), y), "X is rank-deficient: it has 2 columns but rank 1"),
    "rank_gls": (lambda core: core.gls(np.ones((6, 2)), y, V), "X is rank-deficient: it has 2 columns but rank 1"),
    "rank_reml": (
        lambda core: core.fit_reml(np.ones((6, 2)), y, group),
        "X is rank-deficient: it has 2 columns but rank 1",
    ),
    "zero_column": (lambda core: core.ols(X * [1, 0], y), "X is rank-deficient: it has 2 columns but rank 1"),
    "columns": (lambda core: core.ols(np.eye(6)[:2], y[:2]), "X has 6 columns but only 2 rows"),
    "columns_reml": (lambda core: core.fit_reml(np.ones((6, 8)), y, group), "X has 8 columns but only 6 rows"),
    "as_many_columns_reml": (lambda core: core.fit_reml(np.eye(6), y, group), "X has 6 columns but only 6 rows"),
    "vector_reml": (lambda core: core.fit_reml(y, y, group), "X has 1 dimensions (6,); expected 2"),
    "matrix_reml": (lambda core: core.fit_reml(X, X, group), "y has 2 dimensions (6, 2); expected 1"),
    "rows_of_y_reml": (lambda core: core.fit_reml(X, y[:5], group), "X has 6 rows but y has 5"),
    "columns_blup": (
        lambda core: core.reml.blup(X[:, :1], y, group, core.fit_reml(X, y, group)),
        "X has 1 columns but fit has 2 coefficients",
    ),
    "saturated": (
        lambda core: core.ols(np.eye(6), y),
        "X has 6 rows and 6 columns: no degree of freedom is left for sigma2",
    ),
    "shape_of_v": (lambda core: core.gls(X, y, np.eye(5)), "V has shape (5, 5) but y has 6 rows"),
    "asymmetric": (
        lambda core: core.gls(X, y, V + np.triu(np.ones((6, 6)), 1)),
        "V is not symmetric: V - V' reaches 1 where V reaches 1",
    ),
    "asymmetric_in_small_units": (
        lambda core: core.gls(X, y, 1e-8 * V + np.triu(np.full((6, 6), 1e-12), 1)),
        "V is not symmetric: V - V' reaches 1e-12 where V reaches 1e-08",
    ),
    "zero_v": (lambda core: core.gls(X, y, 0 * V), "V is not positive definite: eigenvalues from 0 to 0"),
    "indefinite": (lambda core: core.gls(X, y, V - 2), "V is not positive definite: eigenvalues from -11 to 1"),
    "negative_sd": (lambda core: core.model_variances(-1, 2), "sigma_bucket is -1; expected at least 0"),
    "negative_sd_within": (lambda core: core.model_variances(1, -2), "sigma_within is -2; expected at least 0"),
    "no_variance": (lambda core: core.model_variances(0, 0), "sigma_bucket = 0 and sigma_within = 0: rho is 0/0"),
    "negative_vb": (lambda core: core.covariance_matrix(group, -1, 2), "Vb is -1; expected at least 0"),
    "negative_ve": (lambda core: core.covariance_matrix(group, 1, -2), "Ve is -2; expected at least 0"),
    "no_labels": (lambda core: core.design_matrix([], True), "labels is empty: it has 0 labels"),
    "missing_label": (
        lambda core: core.design_matrix(["a", None, "b"], True),
        "labels has 1 missing labels among its 3",
    ),
    "label_table": (lambda core: core.fit_reml(X, y, X), "group has 2 dimensions (6, 2); expected 1"),
    "mixed_labels": (
        lambda core: core.design_matrix(["a", 1], True),
        "labels mixes types that have no order: ['a', 1]",
    ),
    "undivided": (
        lambda core: core.simulate_frogs(8, 5, list("abc"), 0, 1, 1, 1),
        "colors has 3 entries, which do not divide n_buckets = 8",
    ),
    "no_colors": (
        lambda core: core.simulate_frogs(8, 5, [], 0, 1, 1, 1),
        "colors is empty: it has 0 labels",
    ),
    "one_string": (
        lambda core: core.simulate_frogs(8, 5, "red", 0, 1, 1, 1),
        "colors is of type str; expected a list of labels",
    ),
    "repeated": (
        lambda core: core.simulate_frogs(8, 5, ["a", "a"], 0, 1, 1, 1),
        "colors has 2 entries but only 1 distinct ones",
    ),
    "no_buckets": (
        lambda core: core.simulate_frogs(0, 5, colors, 0, 1, 1, 1),
        "n_buckets is 0; expected a whole number of at least 1",
    ),
    "half_a_frog": (
        lambda core: core.simulate_frogs(8, 2.5, colors, 0, 1, 1, 1),
        "n_within is 2.5; expected a whole number of at least 1",
    ),
    "negative_sigma": (
        lambda core: core.simulate_frogs(8, 5, colors, 0, 1, -1, 1),
        "sigma_within is -1; expected at least 0",
    ),
    "negative_sigma_bucket": (
        lambda core: core.simulate_frogs(8, 5, colors, 0, -1, 1, 1),
        "sigma_bucket is -1; expected at least 0",
    ),
    "no_mean": (
        lambda core: core.simulate_frogs(8, 5, colors, np.nan, 1, 1, 1),
        "mu has 1 NaN or infinite values among its 1",
    ),
    "missing_color": (
        lambda core: core.anova_reml(data.assign(color=data["color"].where(data["id"] > 1))),
        "data column 'color' has 8 missing labels among its 40",
    ),
    "empty_x": (lambda core: core.ols(np.zeros((0, 2)), []), "X is empty: its shape is (0, 2)"),
    "complex": (lambda core: core.ols(X * 1j, y), "X is not numeric: it has 1j"),
    "one_by_one": (
        lambda core: core.gls([[1.0]], [2.0], [[-4.0]]),
        "V is not positive definite: eigenvalues from -4 to -4",
    ),
    "seed": (
        lambda core: core.simulate_frogs(8, 5, colors, 0, 1, 1, -1),
        "seed is -1; expected a whole number of at least 0",
    ),
    "tenths": (
        lambda core: core.empirical_variances(data.assign(weight=0.1)),
        "data column 'weight' is 0.1 in all 40 rows: rho is 0/0",
    ),
    "empty_table": (lambda core: core.anova_reml(data[:0]), "data is empty: it has 0 rows"),
    "no_column": (
        lambda core: core.anova_reml(data.drop(columns="color")),
        "data has no column 'color'; it has ['id', 'bucket', 'bucket_mu', 'weight']",
    ),
    "no_table": (lambda core: core.anova_ols([1, 2]), "data is a list; expected a pandas DataFrame"),
    "missing_value": (
        lambda core: core.anova_reml(data.assign(weight=data["weight"].where(data["id"] > 1))),
        "data column 'weight' has 8 missing values among its 40",
    ),
    "text_weight": (
        lambda core: core.anova_ols(data.assign(weight="heavy")),
        "data column 'weight' is not numeric: it has 'heavy'",
    ),
    "one_color": (
        lambda core: core.anova_reml(data.assign(color="red")),
        "data has 1 colour; a test of colour needs at least 2",
    ),
    "bucket_each": (
        lambda core: core.anova_reml(data.assign(color=data["bucket"])),
        "data has 8 colours in 8 buckets: colour cannot be told from bucket; some colour needs more than one bucket",
    ),
    "bucket_each_fit": (
        lambda core: core.fit_reml(np.eye(3)[group - 1], y, group),
        (
            "group has 3 buckets and the 3 columns of X describe every one: nothing is left to estimate Vb; "
            "some colour needs more than one bucket"
        ),
    ),
    "frog_each": (
        lambda core: core.fit_reml(X, y, np.arange(6)),
        (
            "group has 6 buckets for 6 frogs and X has 2 columns: the criterion is the same for every Vb / Ve; "
            "some bucket needs more frogs"
        ),
    ),
    "no_spread": (
        lambda core: core.fit_reml(X[:, :1], np.repeat([1.0, 2.0, 4.0], 2), group),
        (
            "y varies within its 3 buckets, after 1 columns of X are fitted, by no more than rounding beside "
            "its size: nothing is left to estimate Ve"
        ),
    ),
    "tiny_weights": (
        lambda core: core.empirical_variances(data.assign(weight=1e-300)),
        "data column 'weight' is 1e-300 in all 40 rows: rho is 0/0",
    ),
    "single_frog": (
        lambda core: core.empirical_variances(data[4:]),
        "bucket 1 has 1 frog; a variance within needs at least 2",
    ),
    "equal_weights": (
        lambda core: core.empirical_variances(data.assign(weight=1.0)),
        "data column 'weight' is 1 in all 40 rows: rho is 0/0",
    ),
    "two_colors": (
        lambda core: core.denominator_df(data.assign(color=data["id"])),
        "data has 5 colours in bucket 1; expected 1 colour per bucket",
    ),
    "two_colors_in_one_bucket": (
        lambda core: core.denominator_df(data.assign(color=["red", *["blue"] * (len(data) - 1)])),
        "data has 2 colours in bucket 1; expected 1 colour per bucket",
    ),
    "no_order": (
        lambda core: core.design_matrix([1, "a", 2, "b", 3], True),
        "labels mixes types that have no order: [1, 'a', 2, 'b']",
    ),
    "colors_are_buckets": (
        lambda core: core.fit_reml(np.eye(2)[np.arange(40) % 2], data["weight"], np.arange(40) % 2),
        (
            "group has 2 buckets and the 2 columns of X describe every one: nothing is left to estimate Vb; "
            "some colour needs more than one bucket"
        ),
    ),
    "negative_vb_to_solve": (
        lambda core: core.covariance.solve_covariance(group, -1.0, 1.0, y),
        "Vb is -1; expected at least 0",
    ),
    "negative_ve_to_solve": (
        lambda core: core.covariance.solve_covariance(group, 1.0, -1.0, y),
        "Ve is -1; expected at least 0",
    ),
    "no_group": (lambda core: core.covariance_matrix([], 1, 1), "group is empty: it has 0 labels"),
    "rows_to_solve": (
        lambda core: core.covariance.solve_covariance(group, 1.0, 1.0, y[:5]),
        "A has 5 rows but group has 6",
    ),
    "no_group_to_solve": (
        lambda core: core.covariance.solve_covariance([], 1.0, 1.0, y),
        "group is empty: it has 0 labels",
    ),
    "no_residual_variance": (
        lambda core: core.covariance.solve_covariance(group, 1.0, 0.0, y),
        "Ve is 0; V is positive definite only for Ve above 0",
    ),
    "one_shared_bucket": (
        lambda core: core.frog_correlation(data[data["bucket"] == 1], 1, 2),
        "frogs 1 and 2 share 1 buckets; expected at least 2",
    ),
    "one_constant_frog": (
        lambda core: core.frog_correlation(data.assign(weight=data["weight"].where(data["id"] != 2, 1.0)), 1, 2),
        "frog 1 or 2 weighs the same in all 8 buckets",
    ),
    "other_constant_frog": (
        lambda core: core.frog_correlation(data.assign(weight=data["weight"].where(data["id"] != 1, 1.0)), 1, 2),
        "frog 1 or 2 weighs the same in all 8 buckets",
    ),
    "no_pair": (lambda core: core.frog_correlation(data, 1, 9), "frogs 1 and 9 share 0 buckets; expected at least 2"),
    "twice": (
        lambda core: core.frog_correlation(pd.concat([data, data]), 1, 2),
        "data lists 16 frogs twice: the same id and the same bucket",
    ),
    "constant_frog": (
        lambda core: core.frog_correlation(data.assign(weight=1.0), 1, 2),
        "frog 1 or 2 weighs the same in all 8 buckets",
    ),
    # what numpy or pandas would read as something else
    "digits_as_text": (lambda core: core.ols(X, list("123456")), "y is not numeric: it has '1'"),
    "text_in_objects": (lambda core: core.ols(X, [1, 2, 3, 4, 5, "6"]), "y is not numeric: it has '6'"),
    "masked": (
        lambda core: core.ols(X, np.ma.masked_equal(y, 4)),
        "y is a masked array, 1 of 6 masked: drop these rows",
    ),
    "masked_labels": (
        lambda core: core.covariance_matrix(np.ma.masked_equal(group, 3), 1, 1),
        "group is a masked array, 2 of 6 masked: drop these rows",
    ),
    "dates": (
        lambda core: core.ols(X, np.arange("2020-01-01", "2020-01-07", dtype="datetime64[D]")),
        "y is not numeric: it has dates or durations",
    ),
    "durations": (
        lambda core: core.fit_reml(X, pd.Series(pd.to_timedelta(y, unit="s")), group),
        "y is not numeric: it has dates or durations",
    ),
    "date_weights": (
        lambda core: core.anova_ols(data.assign(weight=pd.Timestamp("2020-01-01"))),
        "data column 'weight' is not numeric: it has dates or durations",
    ),
    "set": (lambda core: core.ols(X, {1, 2}), "y is not numeric: it is a set"),
    "ragged": (lambda core: core.ols([[1, 2], [3]], [1, 2]), "X is not numeric: its rows have different lengths"),
    "huge_integer": (lambda core: core.ols(X, [10**400] * 6), "y is not numeric: int too large to convert to float"),
    "none": (lambda core: core.ols(None, y), "X has 0 dimensions (); expected 2"),
    "missing_in_objects": (lambda core: core.ols(X, [None, *y[1:]]), "y has 1 NaN or infinite values among its 6"),
    "one_missing_value": (
        lambda core: core.anova_reml(data.assign(weight=data["weight"].where(data.index != 7))),
        "data column 'weight' has 1 missing values among its 40",
    ),
    "one_infinite_value": (
        lambda core: core.anova_reml(data.assign(weight=data["weight"].where(data.index != 7, np.inf))),
        "data column 'weight' has 1 NaN or infinite values among its 40",
    ),
    "scalar_label": (lambda core: core.covariance_matrix("a", 1, 1), "group is of type str; expected a list of labels"),
    "function_as_labels": (
        lambda core: core.fit_reml(X, y, len),
        "group is of type builtin_function_or_method; expected a list of labels",
    ),
    "set_of_labels": (
        lambda core: core.design_matrix({1, 2}, True),
        "labels is of type set; expected a list of labels",
    ),
    "lists_as_labels": (
        lambda core: core.covariance_matrix([[1], [2]], 1, 1),
        "group has entries that are no labels: unhashable type: 'list'",
    ),
    "functions_among_labels": (
        lambda core: core.covariance_matrix([1, True.__and__], 1, 1),
        f"group has the entry {True.__and__!r}, which is no label",
    ),
    "complex_labels": (
        lambda core: core.covariance_matrix(y * 1j, 1, 1),
        "group has the entry 1j, which is no label",
    ),
    "infinite_label": (
        lambda core: core.covariance_matrix([1.0, np.inf], 1, 1),
        "group has the entry inf, which is no label",
    ),
    "two_levels_of_labels": (
        lambda core: core.covariance_matrix(pd.MultiIndex.from_tuples([(1, 2), (1, 3)]), 1, 1),
        "group has 2 dimensions (2,); expected 1",
    ),
    "intercept": (lambda core: core.design_matrix(["a", "b"], "no"), "intercept is 'no'; expected True or False"),
    "intercept_of_two": (lambda core: core.design_matrix(["a", "b"], 2), "intercept is 2; expected True or False"),
    "intercept_of_many": (
        lambda core: core.design_matrix(["a", "b"], y),
        "intercept is of type ndarray; expected True or False",
    ),
    "colors_of_a_dict": (
        lambda core: core.simulate_frogs(8, 5, {"a": 1, "b": 2}, 0, 1, 1, 1),
        "colors is of type dict; expected a list of labels",
    ),
    "no_color": (
        lambda core: core.simulate_frogs(8, 5, ["a", None], 0, 1, 1, 1),
        "colors has 1 missing labels among its 2",
    ),
    "colors_in_lists": (
        lambda core: core.simulate_frogs(8, 5, [["a"], ["b"]], 0, 1, 1, 1),
        "colors has entries that are no labels: unhashable type: 'list'",
    ),
    "one_number": (
        lambda core: core.simulate_frogs(8, 5, 2, 0, 1, 1, 1),
        "colors is of type int; expected a list of labels",
    ),
    "no_seed": (
        lambda core: core.simulate_frogs(8, 5, colors, 0, 1, 1, None),
        "seed has 1 NaN or infinite values among its 1",
    ),
    "half_a_seed": (
        lambda core: core.simulate_frogs(8, 5, colors, 0, 1, 1, 0.5),
        "seed is 0.5; expected a whole number of at least 0",
    ),
    "seed_beyond_floats": (
        lambda core: core.simulate_frogs(8, 5, colors, 0, 1, 1, 2.0**53 + 2),
        "seed is the float 9.0072e+15, which stands for many whole numbers; write it as one",
    ),
    "too_many_frogs": (
        lambda core: core.simulate_frogs(10**6, 1001, colors, 0, 1, 1, 1),
        "n_buckets * n_within is 1001000000; expected at most 1000000000",
    ),
    "mixed_colors": (
        lambda core: core.buckets_per_color(data.assign(color=data["color"].where(data["id"] > 1, 1))),
        "data column 'color' mixes types that have no order: [1, 'black', 'blue', 'green']",
    ),
    "columns_twice": (
        lambda core: core.anova_ols(pd.concat([data, data], axis=1)),
        "data has 2 columns 'bucket'; expected 1",
    ),
    "levels_of_columns": (
        lambda core: core.anova_ols(data.set_axis(pd.MultiIndex.from_product([["frogs"], data.columns]), axis=1)),
        "data has 2 levels of column names; expected 1",
    ),
    "lists_in_a_column": (
        lambda core: core.denominator_df(data.assign(bucket=pd.Series([[1]] * 40))),
        "data column 'bucket' has entries that are no labels: unhashable type: 'list'",
    ),
    "no_first_id": (lambda core: core.frog_correlation(data, None, 2), "first_id is None; expected a label"),
    "many_first_ids": (lambda core: core.frog_correlation(data, [1, 2], 2), "first_id is [1, 2]; expected a label"),
    "nan_second_id": (lambda core: core.frog_correlation(data, 1, np.nan), "second_id is nan; expected a label"),
    "negative_theta": (
        lambda core: core.reml.criterion_curve(X, y, group, [0.0, -1e-9]),
        "theta reaches down to -1e-09; expected at least 0",
    ),
    "nan_theta": (
        lambda core: core.reml.criterion_curve(X, y, group, [np.nan]),
        "theta has 1 NaN or infinite values among its 1",
    ),
    "no_fit": (lambda core: core.reml.blup(X, y, group, None), "fit is a NoneType; expected what fit_reml returns"),
    "nan_to_solve": (
        lambda core: core.covariance.solve_covariance(group, 1.0, 1.0, np.where(y == 4, np.nan, y)),
        "A has 1 NaN or infinite values among its 6",
    ),
    # violations as small as they come
    "tiny_negative_sd": (lambda core: core.model_variances(1, -1e-10), "sigma_within is -1e-10; expected at least 0"),
    "tiny_negative_variance": (
        lambda core: core.covariance_matrix(group, -1e-300, 1),
        "Vb is -1e-300; expected at least 0",
    ),
    "tiny_asymmetry": (
        lambda core: core.gls(X, y, V + np.triu(np.full((6, 6), 1e-7), 1)),
        "V is not symmetric: V - V' reaches 1e-07 where V reaches 1",
    ),
    "three_tenths": (
        lambda core: core.empirical_variances(pd.DataFrame({"bucket": [1, 1, 1], "weight": [0.1] * 3})),
        "data column 'weight' is 0.1 in all 3 rows: rho is 0/0",
    ),
    "exactly_explained": (
        lambda core: core.fit_reml(X, X @ [1.1, 2.3], group),
        (
            "y varies within its 3 buckets, after 2 columns of X are fitted, by no more than rounding beside "
            "its size: nothing is left to estimate Ve"
        ),
    ),
    "as_many_columns_as_frogs": (
        lambda core: core.fit_reml(np.eye(6)[:, :5], y, group),
        (
            "group has 3 buckets for 6 frogs and X has 5 columns: the criterion is the same for every Vb / Ve; "
            "some bucket needs more frogs"
        ),
    ),
    "a_millionth_of_a_frog": (
        lambda core: core.simulate_frogs(8, 2 + 1e-7, colors, 0, 1, 1, 1),
        "n_within is 2; expected a whole number of at least 1",
    ),
    "intercept_of_minus_one": (
        lambda core: core.design_matrix(["a", "b"], -1),
        "intercept is -1; expected True or False",
    ),
    "intercept_of_a_float": (
        lambda core: core.design_matrix(["a", "b"], 1.0),
        "intercept is 1.0; expected True or False",
    ),
    "missing_first_id": (lambda core: core.frog_correlation(data, pd.NA, 2), "first_id is <NA>; expected a label"),
    "lists_as_ids": (
        lambda core: core.frog_correlation(data.assign(id=pd.Series([[1]] * 40)), 1, 2),
        "data column 'id' has entries that are no labels: unhashable type: 'list'",
    ),
    "late_missing_label": (
        lambda core: core.design_matrix(["a", "b"] * 1000 + [None], True),
        "labels has 1 missing labels among its 2001",
    ),
    "late_nan": (
        lambda core: core.ols(np.ones((2001, 1)), [1.0, 2.0] * 1000 + [np.nan]),
        "y has 1 NaN or infinite values among its 2001",
    ),
    "equal_weights_of_late_rows": (
        lambda core: core.empirical_variances(data.assign(weight=1.0).set_axis(range(7, 47))),
        "data column 'weight' is 1 in all 40 rows: rho is 0/0",
    ),
    "one_row_more_than_columns": (
        lambda core: core.fit_reml(X[:3], y[:3], [1, 1, 2]),
        (
            "group has 2 buckets for 3 frogs and X has 2 columns: the criterion is the same for every Vb / Ve; "
            "some bucket needs more frogs"
        ),
    ),
    "explained_at_last": (
        lambda core: core.fit_reml(np.column_stack([X, y**2, [0, 1, 0, 2, 0, 4]]), y, [1, 1, 2, 2, 3, 3]),
        (
            "group has 3 buckets for 6 frogs and X has 4 columns: the criterion is nowhere lower than at Ve = 0; "
            "some bucket needs more frogs"
        ),
    ),
    "exactly_explained_beside_as_many_buckets_as_frogs": (
        lambda core: core.fit_reml(np.column_stack([X, y**2, y]), X @ [1.1, 2.3], [1, 1, 2, 2, 3, 3]),
        (
            "y varies within its 3 buckets, after 4 columns of X are fitted, by no more than rounding beside "
            "its size: nothing is left to estimate Ve"
        ),
    ),
    "rounding_errors_within": (
        lambda core: core.fit_reml(X[:, :1], np.repeat([3e15, -1e15, 9e15], 2) + [1, -1] * 3, group),
        (
            "y varies within its 3 buckets, after 1 columns of X are fitted, by no more than rounding beside "
            "its size: nothing is left to estimate Ve"
        ),
    ),
    "subnormal_negative_sd": (
        lambda core: core.model_variances(1, -5e-324),
        "sigma_within is -4.94066e-324; expected at least 0",
    ),
    "constant_colors": (
        lambda core: core.anova_ols(data.assign(weight=data["color"].str.len())),
        "data column 'weight' is constant within each of 4 colours: F is infinite",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_bad_input_is_refused_with_its_numbers(core, case):
    """A ValueError of one line that names the argument and both numbers."""
    call, sentence = REFUSALS[case]
    with pytest.raises(ValueError) as refusal:
        call(core)
    assert_equal("the refusal", str(refusal.value), sentence)


def test_nothing_is_repaired_in_place(core):
    """Arguments keep their values: V, X, y and data are not written to."""
    before = data.copy(), X.copy(), y.copy(), V.copy()
    core.anova_reml(data), core.fit_reml(X, y, group), core.gls(X, y, V)
    assert data.equals(before[0]) and all(map(np.array_equal, (X, y, V), before[1:])), "an argument was changed"


def test_rank_is_judged_in_units_of_each_column(core):
    """Columns that differ in the ninth digit are independent, and so is one in units of 1e20."""
    near = np.column_stack([np.ones(4), 1 + 1e-9 * np.array([0, 1, 0, 1])])
    assert core.ols(near, [1.0, 2.0, 3.0, 5.0]).df_resid == 2
    assert core.ols(X * [1, 1e-20], y).df_resid == 4
    assert core.ols(X[:, ::-1] * [1e-20, 1], y).df_resid == 4


def test_rounding_does_not_make_v_asymmetric(core):
    """V - V' of 1e-4 where V is 1e8: V's last digits."""
    almost = 1e8 * V + np.triu(np.full((6, 6), 1e-4), 1)
    assert_close("coef at V of large units", core.gls(X, y, almost).coef, core.ols(X, y).coef, 1e-10)
