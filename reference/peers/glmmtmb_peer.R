# glmmTMB: a Gaussian model by REML with its own optimiser; it offers no degrees of freedom.
suppressPackageStartupMessages(suppressWarnings(library(glmmTMB)))

VERSION <- paste("glmmTMB", packageVersion("glmmTMB"))
NOT_OFFERED <- c("simulate_frogs", "buckets_per_color", "denominator_df", "model_variances", "empirical_variances",
                 "design_matrix", "covariance_matrix", "gls", "ols", "frog_correlation", "anova_ols",
                 "satterthwaite_df", "anova_reml")
# To see it: d <- read.csv("reference/data/chapter_2_unbalanced.csv"); d$bucket <- factor(d$bucket);
#   logLik(glmmTMB(weight ~ color + (1 | bucket), d, REML = TRUE)) is NA, with "non-positive-definite Hessian".
NOT_PD <- paste("glmmTMB takes a good fit for a failed one (non-positive-definite Hessian) and hides the likelihood:",
                "on chapter_2_unbalanced it is NA where -2 log REML likelihood is 235.1324")
EARLY <- "glmmTMB's nlminb stops early by its own tolerances, on the scale of log standard deviations"
KNOWN_FAILURES <- list(
  "test_reml_variances_agree_with_lme4[chapter_2_unbalanced]" = NOT_PD,
  "test_reml_estimates_agree_with_lme4[chapter_2_unbalanced]" = NOT_PD,
  "test_reml_criterion_is_lme4s[chapter_2_unbalanced]" = NOT_PD,
  test_reml_of_equal_buckets_is_mean_squares = NOT_PD,
  test_reml_of_unequal_buckets_to_fifty_digits = EARLY,
  test_no_other_variances_have_a_smaller_criterion = NOT_PD,
  test_standard_errors_exceed_those_of_ols = NOT_PD,
  test_reml_is_equivariant_in_scale_and_location = NOT_PD,
  test_vb_without_color_is_larger_only_if_f_exceeds_one = NOT_PD)

fit_reml <- function(X, y, group) {
  data <- data.frame(y = y, group = factor(group))
  data$X <- X
  fit <- suppressWarnings(glmmTMB(y ~ X - 1 + (1 | group), data = data, REML = TRUE))
  list(Vb = VarCorr(fit)$cond$group[1, 1], Ve = sigma(fit)^2, coef = unname(fixef(fit)$cond),
       se = unname(sqrt(diag(vcov(fit)$cond))), criterion = -2 * as.numeric(logLik(fit)))
}
