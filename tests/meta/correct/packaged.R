# lme4 and lmerTest do the work; results are named lists.
suppressPackageStartupMessages(library(lmerTest))

simulate_frogs <- function(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed) {
  set.seed(seed)
  bucket <- rep(1:n_buckets, each = n_within)
  bucket_mu <- rnorm(n_buckets, mu, sigma_bucket)[bucket]
  data.frame(id = rep(1:n_within, n_buckets), bucket = factor(bucket),
             color = rep(unlist(colors), each = n_buckets / length(colors))[bucket],
             bucket_mu = bucket_mu, weight = rnorm(length(bucket), bucket_mu, sigma_within))
}

buckets_per_color <- function(data) {
  pairs <- unique(data[, c("color", "bucket")])
  table(droplevels(pairs$color))
}

denominator_df <- function(data) nlevels(droplevels(data$bucket)) - nlevels(droplevels(data$color))

model_variances <- function(sigma_bucket, sigma_within) {
  Vb <- sigma_bucket^2; Ve <- sigma_within^2
  list(Vb = Vb, Ve = Ve, Vbe = Vb + Ve, rho = Vb / (Vb + Ve))
}

empirical_variances <- function(data) {
  Ve <- mean(tapply(data$weight, data$bucket, var)); Vbe <- var(data$weight)
  data.frame(Vb = Vbe - Ve, Ve = Ve, Vbe = Vbe, rho = (Vbe - Ve) / Vbe)
}

design_matrix <- function(labels, intercept) {
  f <- factor(labels)
  if (nlevels(f) == 1) return(matrix(1, length(f), 1))
  if (intercept) model.matrix(~ f) else model.matrix(~ f - 1)
}

covariance_matrix <- function(group, Vb, Ve) outer(group, group, "==") * Vb + diag(Ve, length(group))

gls <- function(X, y, V) {
  Vi <- solve(V)
  C <- solve(t(X) %*% Vi %*% X)
  list(coef = C %*% t(X) %*% Vi %*% y, se = sqrt(diag(C)))
}

ols <- function(X, y) {
  fit <- lm(y ~ X - 1)
  list(coef = coef(fit), se = summary(fit)$coefficients[, 2], sigma2 = summary(fit)$sigma^2, df_resid = df.residual(fit))
}

frog_correlation <- function(data, first_id, second_id) {
  both <- merge(data[data$id == first_id, ], data[data$id == second_id, ], by = "bucket")
  cor(both$weight.x, both$weight.y)
}

anova_ols <- function(data) {
  row <- anova(lm(weight ~ color, data))
  list(F = row$`F value`[1], df_num = row$Df[1], df_den = row$Df[2], p_value = row$`Pr(>F)`[1])
}

fitted_model <- function(X, y, group) {
  control <- lmerControl(check.conv.singular = "ignore", check.conv.grad = "ignore", check.conv.hess = "ignore", check.scaleX = "ignore")
  lmer(y ~ X - 1 + (1 | group), data = list(y = y, X = X, group = factor(group)), control = control)
}

fit_reml <- function(X, y, group) {
  s <- sd(y); m <- fitted_model(X, y / s, group); p <- ncol(X); n <- length(y)
  v <- as.data.frame(VarCorr(m))$vcov * s^2
  list(Vb = v[1], Ve = v[2], coef = unname(fixef(m)) * s, se = sqrt(diag(as.matrix(vcov(m)))) * s,
       criterion = REMLcrit(m) + (n - p) * log(s^2))
}

satterthwaite_df <- function(X, y, group) unname(coef(summary(fitted_model(X, y / sd(y), group)))[, "df"])

anova_reml <- function(data) {
  data$weight <- data$weight / sd(data$weight)
  control <- lmerControl(check.conv.singular = "ignore", check.conv.grad = "ignore", check.conv.hess = "ignore")
  row <- anova(lmer(weight ~ color + (1 | bucket), data, control = control))
  list(F = row$`F value`, df_num = row$NumDF, df_den = row$DenDF, p_value = row$`Pr(>F)`)
}
