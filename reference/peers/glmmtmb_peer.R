# glmmTMB: a Gaussian model by REML and by ML with its own optimiser; it offers no degrees of freedom.
suppressPackageStartupMessages(suppressWarnings(library(glmmTMB)))

VERSION <- paste("glmmTMB", packageVersion("glmmTMB"))
NOT_OFFERED <- c("simulate_frogs", "buckets_per_color", "denominator_df", "model_variances", "empirical_variances",
                 "design_matrix", "covariance_matrix", "gls", "ols", "frog_correlation", "anova_ols",
                 "satterthwaite_df", "anova_reml")
# To see it: y <- c(71.609227, 62.000685, 74.539436, 88.675511); g <- factor(c(1, 1, 2, 2))
#   logLik(glmmTMB(y ~ 1 + (1 | g), REML = TRUE)) is NA, with "non-positive-definite Hessian".
NOT_PD <- paste("glmmTMB takes a good fit for a failed one (non-positive-definite Hessian) and hides the likelihood:",
                "on two buckets of two frogs it is NA where -2 log REML likelihood is 23.8715")
JOINT <- "with unequal buckets the standard errors have a part for the uncertainty of the variances: 9.86 for lmer's 8.88"
EARLY <- "glmmTMB's nlminb stops early by its own tolerances, on the scale of log standard deviations"
MINIMA <- "glmmTMB takes one start: the higher of two minima"
DIGITS <- "glmmTMB loses digits of data that agree in their leading ones, or lie 1e5 spreads from 0"
UNITS <- "in micrograms glmmTMB stops: system is computationally singular"
FAR <- "glmmTMB stops early, or with a singular system, where a covariate is a year or of small units"
SHORT <- "glmmTMB stops short of a variance of 0: BLUPs of 1e-10 where 0 is right"
KNOWN_FAILURES <- list(
  `test_small_designs_to_25_digits[a slope that X has not-se-REML]` = JOINT,
  `test_small_designs_to_25_digits[a slope that X has not-se-ML]` = JOINT,
  `test_small_designs_to_25_digits[slopes without an intercept-se-REML]` = JOINT,
  `test_small_designs_to_25_digits[slopes without an intercept-se-ML]` = JOINT,
  `test_small_designs_to_25_digits[no constant, two terms-se-REML]` = JOINT,
  `test_small_designs_to_25_digits[no constant, two terms-se-ML]` = JOINT,
  `test_small_designs_to_25_digits[slopes beside another factor-se-REML]` = JOINT,
  `test_small_designs_to_25_digits[slopes beside another factor-se-ML]` = JOINT,
  `test_lines_in_other_units[1000000.0-REML]` = EARLY,
  `test_lines_in_other_units[1000000.0-ML]` = EARLY,
  `test_reml_of_lopsided_buckets` = JOINT,
  `test_ml_of_random_coefficients` = NOT_PD,
  `test_ml_of_known_data[orthodont]` = EARLY,
  `test_ml_of_unbalanced_data_to_25_digits[Orthodont, the last visits of some, by ML-se]` = JOINT,
  `test_ml_of_unbalanced_data_to_25_digits[ponds, by ML-se]` = JOINT,
  `test_ml_of_unbalanced_data_to_25_digits[years, seed 1, by ML-G]` = FAR,
  `test_ml_of_unbalanced_data_to_25_digits[years, seed 1, by ML-coef]` = FAR,
  `test_ml_of_unbalanced_data_to_25_digits[years, seed 1, by ML-se]` = FAR,
  `test_ml_of_unbalanced_data_to_25_digits[years, seed 1, by ML-criterion]` = FAR,
  `test_ml_of_unbalanced_data_to_25_digits[no covariance, seed 1, by ML-se]` = JOINT,
  `test_ml_of_unbalanced_data_to_25_digits[six columns, by ML-se]` = JOINT,
  `test_ml_of_unbalanced_data_to_25_digits[six columns, by ML-criterion]` = EARLY,
  `test_one_term_has_the_lowest_of_several_minima[145]` = MINIMA,
  `test_one_term_has_the_lowest_of_several_minima[174]` = MINIMA,
  `test_one_term_has_the_lowest_of_several_minima[199]` = MINIMA,
  `test_one_term_has_the_lowest_of_several_minima[209]` = MINIMA,
  `test_one_term_has_the_lowest_of_several_minima[236]` = MINIMA,
  `test_one_term_has_the_lowest_of_several_minima[381]` = MINIMA,
  `test_one_term_has_the_lowest_of_several_minima[487]` = MINIMA,
  `test_one_term_has_the_lowest_of_several_minima[907]` = MINIMA,
  `test_one_term_has_the_lowest_of_several_minima[1290]` = MINIMA,
  `test_several_terms_have_the_lowest_of_several_minima[2 terms, seed 2]` = MINIMA,
  `test_several_terms_have_the_lowest_of_several_minima[2 terms, seed 8]` = MINIMA,
  `test_several_terms_have_the_lowest_of_several_minima[2 terms, seed 12]` = MINIMA,
  `test_several_terms_have_the_lowest_of_several_minima[2 terms, seed 24]` = MINIMA,
  `test_several_terms_have_the_lowest_of_several_minima[2 terms, seed 35]` = MINIMA,
  `test_several_terms_have_the_lowest_of_several_minima[2 terms, seed 51]` = MINIMA,
  `test_several_terms_have_the_lowest_of_several_minima[2 terms, seed 57]` = MINIMA,
  `test_several_terms_have_the_lowest_of_several_minima[3 terms, seed 16]` = MINIMA,
  `test_several_terms_have_the_lowest_of_several_minima[3 terms, seed 37]` = MINIMA,
  `test_slopes_of_shape[forty groups, singular-criterion]` = EARLY,
  `test_slopes_of_shape[three columns of Z, singular-G]` = EARLY,
  `test_slopes_of_shape[three columns of Z, singular-se]` = EARLY,
  `test_slopes_of_shape[three columns of Z, singular-criterion]` = NOT_PD,
  `test_slopes_of_unequal_groups[forty unequal groups-se]` = JOINT,
  `test_slopes_of_unequal_groups[six columns-se]` = JOINT,
  `test_slopes_of_unequal_groups[rows in any order-se]` = JOINT,
  `test_predictions_shrink_the_groups_own_coefficients` = EARLY,
  `test_predictions_of_unbalanced_data[years, seed 1]` = FAR,
  `test_predictions_of_unbalanced_data[years, seed 2]` = FAR,
  `test_predictions_of_unbalanced_data[no covariance, seed 2]` = SHORT,
  `test_a_likelihood_ratio_is_by_ml[orthodont]` = NOT_PD,
  `test_random_coefficients_in_balance` = EARLY,
  `test_estimates_of_random_coefficients_are_those_of_ordinary_least_squares` = EARLY,
  `test_the_zero_of_the_covariate_does_not_matter` = EARLY,
  `test_random_slopes_of_unbalanced_data_to_25_digits[Orthodont, the last visits of some]` = JOINT,
  `test_random_slopes_of_unbalanced_data_to_25_digits[ponds]` = JOINT,
  `test_the_unit_of_the_covariate_does_not_matter` = FAR,
  `test_random_slopes_of_unbalanced_data_to_25_digits[years, seed 1]` = FAR,
  `test_random_slopes_of_unbalanced_data_to_25_digits[years, seed 2]` = FAR,
  `test_random_slopes_of_unbalanced_data_to_25_digits[small units, seed 1]` = FAR,
  `test_random_slopes_of_unbalanced_data_to_25_digits[small units, seed 2]` = FAR,
  `test_random_slopes_of_unbalanced_data_to_25_digits[no intercept varies, seed 1]` = JOINT,
  `test_random_slopes_of_unbalanced_data_to_25_digits[no covariance, seed 1]` = JOINT,
  `test_random_slopes_of_unbalanced_data_to_25_digits[no covariance, seed 2]` = JOINT,
  `test_random_slopes_of_unbalanced_data_to_25_digits[two slopes, seed 1]` = JOINT,
  `test_random_slopes_of_unbalanced_data_to_25_digits[two slopes, seed 2]` = JOINT,
  `test_random_slopes_of_unbalanced_data_to_25_digits[a crossed factor beside, seed 1]` = JOINT,
  `test_random_slopes_of_unbalanced_data_to_25_digits[a crossed factor beside, seed 2]` = JOINT,
  "test_reml_of_other_data_agrees_with_lme4[chapter_2_unbalanced]" = JOINT,
  test_reml_of_equal_buckets_is_mean_squares = NOT_PD,
  test_reml_of_unequal_buckets_to_fifty_digits = EARLY,
  test_order_of_rows_and_names_of_buckets_do_not_matter = NOT_PD,
  test_the_lowest_of_several_minima_is_taken = MINIMA,
  `test_reml_of_nist_data[Vb-SmLs07]` = DIGITS,
  `test_reml_of_nist_data[se-SmLs07]` = DIGITS,
  `test_reml_of_nist_data[se-SmLs08]` = DIGITS,
  `test_reml_of_nist_data[se-SmLs09]` = DIGITS,
  test_reml_has_no_favourite_unit = UNITS,
  test_reml_far_from_zero = DIGITS,
  test_reml_next_to_the_boundary = EARLY,
  `test_reml_of_shape[no constant-se]` = JOINT,
  `test_reml_of_shape[one column, no constant-se]` = JOINT,
  `test_reml_of_shape[several covariates within buckets-se]` = JOINT,
  `test_reml_of_shape[covariates within and between-se]` = JOINT,
  `test_reml_of_shape[near-collinear columns-se]` = JOINT,
  `test_reml_of_shape[ten columns-se]` = JOINT,
  `test_reml_of_shape[buckets that differ little-se]` = JOINT,
  `test_reml_of_large_data[the boundary-criterion]` = EARLY,
  test_se_of_buckets_by_any_name = JOINT,
  `test_two_terms_of_shape[crossed, unequal-se]` = JOINT,
  `test_two_terms_of_shape[nested, unequal-se]` = JOINT,
  `test_two_terms_of_shape[crossed, no constant-se]` = JOINT,
  `test_two_terms_of_shape[nested, no constant-se]` = JOINT,
  `test_two_terms_of_shape[crossed, ten columns-se]` = JOINT,
  `test_two_terms_of_shape[nested, near-collinear-se]` = JOINT,
  `test_two_terms_of_shape[nested, forty within ten-se]` = JOINT,
  `test_two_terms_of_shape[crossed, thirty-one levels-se]` = JOINT,
  `test_mixed_models_of_known_data[ponds]` = JOINT,
  `test_one_component_is_the_first_level[chapter_2_unbalanced]` = JOINT)

fit_reml <- function(X, y, group) {
  data <- data.frame(y = y, group = factor(group))
  data$X <- X
  fit <- suppressWarnings(glmmTMB(y ~ X - 1 + (1 | group), data = data, REML = TRUE))
  list(Vb = VarCorr(fit)$cond$group[1, 1], Ve = sigma(fit)^2, coef = unname(fixef(fit)$cond),
       se = unname(sqrt(diag(vcov(fit)$cond))), criterion = -2 * as.numeric(logLik(fit)))
}

fitted_mixed <- function(X, y, terms, REML = TRUE) {
  k <- seq_along(terms)
  data <- data.frame(y = y)
  data$X <- X
  data[paste0("g", k)] <- lapply(terms, function(t) factor(t$group))
  for (i in k) data[[paste0("Z", i)]] <- terms[[i]]$Z
  formula <- as.formula(paste("y ~ X - 1 +", paste0("(Z", k, " - 1 | g", k, ")", collapse = " + ")))
  suppressWarnings(suppressMessages(glmmTMB(formula, data = data, REML = REML)))
}

fit_mixed <- function(X, y, terms, method = "REML") {
  fit <- fitted_mixed(X, y, terms, REML = method == "REML")
  G <- lapply(paste0("g", seq_along(terms)), function(g) { v <- VarCorr(fit)$cond[[g]]; matrix(v, nrow(v)) })
  list(G = G, Ve = sigma(fit)^2,
       coef = unname(fixef(fit)$cond), se = unname(sqrt(diag(vcov(fit)$cond))), criterion = -2 * as.numeric(logLik(fit)))
}

random_effects <- function(X, y, terms) {
  b <- ranef(fitted_mixed(X, y, terms), condVar = FALSE)$cond[paste0("g", seq_along(terms))]
  lapply(unname(b), function(part) lapply(split(part, rownames(part)), function(row) unname(unlist(row))))
}

likelihood_ratio <- function(X0, X, y, terms) {
  deviance_of <- function(X) -2 * as.numeric(logLik(fitted_mixed(X, y, terms, REML = FALSE)))
  chi2 <- deviance_of(X0) - deviance_of(X)
  df <- ncol(X) - ncol(X0)
  list(chi2 = chi2, df = df, p_value = pchisq(chi2, df, lower.tail = FALSE))
}
