# nlme: lme by REML with its own optimiser. Its degrees of freedom are not Satterthwaite's.
library(nlme)

VERSION <- paste("nlme", packageVersion("nlme"))
NOT_OFFERED <- c("simulate_frogs", "buckets_per_color", "denominator_df", "model_variances", "empirical_variances",
                 "design_matrix", "covariance_matrix", "gls", "ols", "frog_correlation", "anova_ols",
                 "satterthwaite_df", "anova_reml")
KNOWN_FAILURES <- list()

fit_reml <- function(X, y, group) {
  data <- data.frame(y = y, group = factor(group))
  data$X <- X
  fit <- lme(y ~ X - 1, random = ~ 1 | group, data = data)
  list(Vb = getVarCov(fit)[1, 1], Ve = fit$sigma^2, coef = unname(fixef(fit)), se = unname(sqrt(diag(vcov(fit)))),
       criterion = -2 * as.numeric(logLik(fit)))
}
