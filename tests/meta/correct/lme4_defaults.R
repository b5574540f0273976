# R as a course teaches it: model.matrix, tapply, solve, lm, anova and lmer, each at its defaults, no input checked.
library(lme4)
library(lmerTest)

simulate_frogs <- function(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed) {
  set.seed(seed)
  n <- n_buckets * n_within
  frogs <- data.frame(
    id = factor(rep(seq_len(n_within), length.out = n)),
    bucket = factor(rep(seq_len(n_buckets), each = n_within)),
    color = factor(rep(colors, each = n / length(colors)))
  )
  centre <- rnorm(n_buckets, mean = mu, sd = sigma_bucket)
  frogs$bucket_mu <- centre[frogs$bucket]
  Z <- model.matrix(~ bucket - 1, data = frogs)
  frogs$weight <- Z %*% centre + rnorm(n, sd = sigma_within) # a matrix of one column
  frogs
}

buckets_per_color <- function(data) colSums(table(data$bucket, data$color) > 0)

denominator_df <- function(data) nlevels(droplevels(data$bucket)) - nlevels(droplevels(data$color))

model_variances <- function(sigma_bucket, sigma_within) {
  between <- sigma_bucket^2
  all <- between + sigma_within^2
  c(Vb = between, Ve = sigma_within^2, Vbe = all, rho = between / all)
}

empirical_variances <- function(data) {
  within <- mean(tapply(data$weight, data$bucket, var))
  all <- var(data$weight)
  data.frame(Vb = all - within, Ve = within, Vbe = all, rho = 1 - within / all)
}

design_matrix <- function(labels, intercept) {
  if (intercept) model.matrix(~ labels) else model.matrix(~ 0 + labels)
}

covariance_matrix <- function(group, Vb, Ve) {
  V <- ifelse(outer(group, group, "=="), Vb, 0)
  diag(V) <- Vb + Ve
  V
}

gls <- function(X, y, V) {
  W <- solve(V)
  covariance <- solve(crossprod(X, W) %*% X)
  list(coef = covariance %*% crossprod(X, W) %*% y, se = sqrt(diag(covariance)))
}

ols <- function(X, y) {
  model <- lm(y ~ 0 + X)
  said <- summary(model)
  list(coef = coef(model), se = said$coefficients[, "Std. Error"], sigma2 = said$sigma^2, df_resid = df.residual(model))
}

frog_correlation <- function(data, first_id, second_id) {
  pairs <- merge(subset(data, id == first_id), subset(data, id == second_id), by = "bucket")
  cor(pairs$weight.x, pairs$weight.y)
}

anova_ols <- function(data) {
  said <- anova(lm(weight ~ color, data))
  list(F = said$"F value"[1], df_num = said$Df[1], df_den = said$Df[2], p_value = said$"Pr(>F)"[1])
}

fit_reml <- function(X, y, group) {
  model <- lmer(y ~ 0 + X + (1 | group))
  v <- as.data.frame(VarCorr(model))$vcov
  said <- coef(summary(model))
  list(Vb = v[1], Ve = v[2], coef = said[, "Estimate"], se = said[, "Std. Error"], criterion = REMLcrit(model))
}

satterthwaite_df <- function(X, y, group) coef(summary(lmer(y ~ 0 + X + (1 | group))))[, "df"]

anova_reml <- function(data) {
  said <- anova(lmer(weight ~ color + (1 | bucket), data))
  list(F = said$"F value", df_num = said$NumDF, df_den = said$DenDF, p_value = said$"Pr(>F)")
}
