# nlme: lme with its own optimiser, by REML and by ML. Its degrees of freedom are not Satterthwaite's.
library(nlme)

VERSION <- paste("nlme", packageVersion("nlme"))
NOT_OFFERED <- c("simulate_frogs", "buckets_per_color", "denominator_df", "model_variances", "empirical_variances",
                 "design_matrix", "covariance_matrix", "gls", "ols", "frog_correlation", "anova_ols",
                 "satterthwaite_df", "anova_reml")
MINIMA <- "lme takes one start: the higher of two minima"
STOPS <- "lme stops on data that agree in their leading digits: nlminb, convergence error 1"
NIST <- "lme loses digits of data that agree in their leading ones"
SHORT <- "lme stops short of a variance of 0: BLUPs of 1e-8 where 0 is right"
ENDS <- "lme ends with an error where slopes vary little: nlminb, iteration limit reached without convergence"
FAR <- paste("lme ends with an error where a covariate is a year, or of small units: a singular system, or nlminb's",
             "iteration limit")
KNOWN_FAILURES <- list(
  `test_ml_of_random_coefficients` = ENDS,
  `test_ml_of_unbalanced_data_to_25_digits[years, seed 1, by ML-G]` = FAR,
  `test_ml_of_unbalanced_data_to_25_digits[years, seed 1, by ML-coef]` = FAR,
  `test_ml_of_unbalanced_data_to_25_digits[years, seed 1, by ML-se]` = FAR,
  `test_ml_of_unbalanced_data_to_25_digits[years, seed 1, by ML-criterion]` = FAR,
  `test_ml_of_unbalanced_data_to_25_digits[six columns, by ML-G]` = ENDS,
  `test_ml_of_unbalanced_data_to_25_digits[six columns, by ML-coef]` = ENDS,
  `test_ml_of_unbalanced_data_to_25_digits[six columns, by ML-se]` = ENDS,
  `test_ml_of_unbalanced_data_to_25_digits[six columns, by ML-criterion]` = ENDS,
  `test_the_lowest_of_several_minima_is_taken` = MINIMA,
  `test_reml_of_nist_data[Vb-SmLs07]` = STOPS,
  `test_reml_of_nist_data[Vb-SmLs08]` = STOPS,
  `test_reml_of_nist_data[Vb-SmLs09]` = NIST,
  `test_reml_of_nist_data[Ve-SmLs07]` = STOPS,
  `test_reml_of_nist_data[Ve-SmLs08]` = STOPS,
  `test_reml_of_nist_data[Ve-SmLs09]` = NIST,
  `test_reml_of_nist_data[coef-SmLs07]` = STOPS,
  `test_reml_of_nist_data[coef-SmLs08]` = STOPS,
  `test_reml_of_nist_data[se-SmLs07]` = STOPS,
  `test_reml_of_nist_data[se-SmLs08]` = STOPS,
  `test_reml_of_nist_data[se-SmLs09]` = NIST,
  `test_reml_far_from_zero` = STOPS,
  `test_one_term_has_the_lowest_of_several_minima[145]` = MINIMA,
  `test_one_term_has_the_lowest_of_several_minima[174]` = MINIMA,
  `test_one_term_has_the_lowest_of_several_minima[199]` = MINIMA,
  `test_one_term_has_the_lowest_of_several_minima[209]` = MINIMA,
  `test_one_term_has_the_lowest_of_several_minima[236]` = MINIMA,
  `test_one_term_has_the_lowest_of_several_minima[381]` = MINIMA,
  `test_one_term_has_the_lowest_of_several_minima[487]` = MINIMA,
  `test_one_term_has_the_lowest_of_several_minima[849]` = MINIMA,
  `test_one_term_has_the_lowest_of_several_minima[1551]` = MINIMA,
  `test_several_terms_have_the_lowest_of_several_minima[2 terms, seed 2]` = MINIMA,
  `test_several_terms_have_the_lowest_of_several_minima[2 terms, seed 12]` = MINIMA,
  `test_several_terms_have_the_lowest_of_several_minima[2 terms, seed 24]` = MINIMA,
  `test_several_terms_have_the_lowest_of_several_minima[3 terms, seed 37]` = MINIMA,
  `test_random_coefficients_in_balance` = ENDS,
  `test_estimates_of_random_coefficients_are_those_of_ordinary_least_squares` = ENDS,
  `test_the_zero_of_the_covariate_does_not_matter` = ENDS,
  `test_the_unit_of_the_covariate_does_not_matter` = FAR,
  `test_random_slopes_of_unbalanced_data_to_25_digits[years, seed 1]` = FAR,
  `test_random_slopes_of_unbalanced_data_to_25_digits[years, seed 2]` = FAR,
  `test_random_slopes_of_unbalanced_data_to_25_digits[small units, seed 1]` = FAR,
  `test_random_slopes_of_unbalanced_data_to_25_digits[small units, seed 2]` = FAR,
  `test_random_slopes_of_unbalanced_data_to_25_digits[two slopes, seed 1]` = ENDS,
  `test_slopes_of_shape[forty groups, singular-G]` = ENDS,
  `test_slopes_of_shape[forty groups, singular-coef]` = ENDS,
  `test_slopes_of_shape[forty groups, singular-se]` = ENDS,
  `test_slopes_of_shape[forty groups, singular-criterion]` = ENDS,
  `test_slopes_of_shape[three columns of Z, singular-G]` = ENDS,
  `test_slopes_of_shape[three columns of Z, singular-coef]` = ENDS,
  `test_slopes_of_shape[three columns of Z, singular-se]` = ENDS,
  `test_slopes_of_shape[three columns of Z, singular-criterion]` = ENDS,
  `test_predictions_shrink_the_groups_own_coefficients` = ENDS,
  `test_predictions_of_unbalanced_data[years, seed 1]` = FAR,
  `test_predictions_of_unbalanced_data[years, seed 2]` = FAR,
  `test_predictions_of_unbalanced_data[small units, seed 1]` = FAR,
  `test_predictions_of_unbalanced_data[small units, seed 2]` = FAR,
  `test_predictions_of_unbalanced_data[no covariance, seed 2]` = SHORT,
  `test_predictions_of_unbalanced_data[two slopes, seed 1]` = ENDS,
  `test_reml_of_large_data[the boundary-criterion]` = "lme stops short of Vb = 0: on 5,000 rows more than 1e-6 above the minimum"
)

fit_reml <- function(X, y, group) {
  data <- data.frame(y = y, group = factor(group))
  data$X <- X
  fit <- lme(y ~ X - 1, random = ~ 1 | group, data = data)
  list(Vb = getVarCov(fit)[1, 1], Ve = fit$sigma^2, coef = unname(fixef(fit)), se = unname(sqrt(diag(vcov(fit)))),
       criterion = -2 * as.numeric(logLik(fit)))
}

# lme's groups lie within one another, and are named from the outermost to the innermost.
REFUSES <- list(crossed = "lme nests its groups")

fitted_mixed <- function(X, y, terms, method = "REML") {
  k <- order(vapply(terms, function(t) length(unique(t$group)), 0))
  nested <- vapply(seq_along(k)[-1], function(i)
    nrow(unique(data.frame(terms[[k[i - 1]]]$group, terms[[k[i]]]$group))) == length(unique(terms[[k[i]]]$group)), NA)
  if (!all(nested)) stop("lme nests its groups: these are crossed")
  data <- data.frame(y = y)
  data$X <- X
  data[paste0("g", seq_along(terms))] <- lapply(terms, function(t) factor(match(t$group, unique(t$group))))
  for (i in seq_along(terms)) data[[paste0("Z", i)]] <- terms[[i]]$Z
  random <- setNames(lapply(k, function(i) as.formula(paste0("~ Z", i, " - 1"))), paste0("g", k))
  lme(y ~ X - 1, random = random, data = data, method = method)
}

fit_mixed <- function(X, y, terms, method = "REML") {
  fit <- fitted_mixed(X, y, terms, method)
  G <- lapply(as.matrix(fit$modelStruct$reStruct), function(D) unname(D) * fit$sigma^2)
  list(G = unname(G[paste0("g", seq_along(terms))]), Ve = fit$sigma^2, coef = unname(fixef(fit)),
       se = unname(sqrt(diag(vcov(fit)))), criterion = -2 * as.numeric(logLik(fit)))
}

random_effects <- function(X, y, terms) {
  b <- ranef(fitted_mixed(X, y, terms))
  if (length(terms) == 1) b <- list(g1 = b)
  lapply(seq_along(terms), function(i) {
    part <- b[[paste0("g", i)]]
    level <- unique(terms[[i]]$group)[as.integer(sub(".*/", "", rownames(part)))]
    setNames(lapply(split(part, seq_len(nrow(part))), function(row) unname(unlist(row))), level)
  })
}

likelihood_ratio <- function(X0, X, y, terms) {
  deviance_of <- function(X) -2 * as.numeric(logLik(fitted_mixed(X, y, terms, "ML")))
  chi2 <- deviance_of(X0) - deviance_of(X)
  df <- ncol(X) - ncol(X0)
  list(chi2 = chi2, df = df, p_value = pchisq(chi2, df, lower.tail = FALSE))
}
