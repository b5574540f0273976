# lme4 and lmerTest, with lmer's own optimiser and tolerances.
suppressPackageStartupMessages(library(lmerTest))

VERSION <- paste0("lme4 ", packageVersion("lme4"), ", lmerTest ", packageVersion("lmerTest"))
NOT_OFFERED <- c("simulate_frogs", "buckets_per_color", "denominator_df", "model_variances", "empirical_variances",
                 "design_matrix", "covariance_matrix", "gls", "ols", "frog_correlation", "anova_ols")
# To see it: d <- read.csv("reference/data/ergostool.csv"); d$weight <- 1e-6 * d$weight;
#   anova(lmerTest::lmer(weight ~ color + (1 | bucket), d)) gives 0.61 denominator df where 24 is right.
KNOWN_FAILURES <- list()

fitted_model <- function(X, y, group)
  suppressWarnings(suppressMessages(lmer(y ~ X - 1 + (1 | group), list(y = y, X = X, group = factor(group)))))

fit_reml <- function(X, y, group) {
  fit <- fitted_model(X, y, group)
  v <- as.data.frame(VarCorr(fit))$vcov
  list(Vb = v[1], Ve = v[2], coef = unname(fixef(fit)), se = sqrt(diag(as.matrix(vcov(fit)))),
       criterion = REMLcrit(fit))
}

satterthwaite_df <- function(X, y, group) unname(coef(summary(fitted_model(X, y, group)))[, "df"])

anova_reml <- function(data) {
  fit <- suppressWarnings(suppressMessages(lmer(weight ~ color + (1 | bucket), data)))
  row <- anova(fit)
  list(F = row$`F value`, df_num = row$NumDF, df_den = row$DenDF, p_value = row$`Pr(>F)`)
}
