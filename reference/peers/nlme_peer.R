# nlme: lme by REML with its own optimiser. Its degrees of freedom are not Satterthwaite's.
library(nlme)

VERSION <- paste("nlme", packageVersion("nlme"))
NOT_OFFERED <- c("simulate_frogs", "buckets_per_color", "denominator_df", "model_variances", "empirical_variances",
                 "design_matrix", "covariance_matrix", "gls", "ols", "frog_correlation", "anova_ols",
                 "satterthwaite_df", "anova_reml")
MINIMA <- "lme takes one start: the higher of two minima"
STOPS <- "lme stops on data that agree in their leading digits: nlminb, convergence error 1"
NIST <- "lme loses digits of data that agree in their leading ones"
KNOWN_FAILURES <- list(
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
  `test_reml_of_large_data[the boundary-criterion]` = "lme stops short of Vb = 0: on 5,000 rows more than 1e-6 above the minimum"
)

fit_reml <- function(X, y, group) {
  data <- data.frame(y = y, group = factor(group))
  data$X <- X
  fit <- lme(y ~ X - 1, random = ~ 1 | group, data = data)
  list(Vb = getVarCov(fit)[1, 1], Ve = fit$sigma^2, coef = unname(fixef(fit)), se = unname(sqrt(diag(vcov(fit)))),
       criterion = -2 * as.numeric(logLik(fit)))
}
