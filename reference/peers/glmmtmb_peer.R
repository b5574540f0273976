# glmmTMB: a Gaussian model by REML with its own optimiser; it offers no degrees of freedom.
suppressPackageStartupMessages(suppressWarnings(library(glmmTMB)))

VERSION <- paste("glmmTMB", packageVersion("glmmTMB"))
NOT_OFFERED <- c("simulate_frogs", "buckets_per_color", "denominator_df", "model_variances", "empirical_variances",
                 "design_matrix", "covariance_matrix", "gls", "ols", "frog_correlation", "anova_ols",
                 "satterthwaite_df", "anova_reml")
KNOWN_FAILURES <- list()

fit_reml <- function(X, y, group) {
  data <- data.frame(y = y, group = factor(group))
  data$X <- X
  fit <- suppressWarnings(glmmTMB(y ~ X - 1 + (1 | group), data = data, REML = TRUE))
  list(Vb = VarCorr(fit)$cond$group[1, 1], Ve = sigma(fit)^2, coef = unname(fixef(fit)$cond),
       se = unname(sqrt(diag(vcov(fit)$cond))), criterion = -2 * as.numeric(logLik(fit)))
}
