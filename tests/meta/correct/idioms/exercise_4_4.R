# Exercise 4.4 in R, each function in ten ways: lme4's and nlme's calls, and formulas by hand under R's optimisers.
# What follows two underscores names the way; what an optimiser's defaults leave ends in `defaults`.
suppressPackageStartupMessages(library(lme4))
suppressPackageStartupMessages(library(lmerTest))

same <- function(group) outer(group, group, "==") + 0

at <- function(X, y, group, Vb, Ve) {
  V <- Vb * same(group) + diag(Ve, length(y))
  Vi <- solve(V)
  C <- solve(t(X) %*% Vi %*% X)
  coef <- drop(C %*% t(X) %*% Vi %*% y)
  r <- y - drop(X %*% coef)
  criterion <- (length(y) - ncol(X)) * log(2 * pi) + c(determinant(V)$modulus) - c(determinant(C)$modulus) +
    drop(r %*% Vi %*% r)
  list(Vb = Vb, Ve = Ve, coef = coef, se = sqrt(diag(C)), criterion = criterion)
}

profiled <- function(X, y, group, gamma) {
  H <- gamma * same(group) + diag(length(y))
  A <- t(X) %*% solve(H, X)
  r <- y - X %*% solve(A, t(X) %*% solve(H, y))
  s2 <- sum(r * solve(H, r)) / (length(y) - ncol(X))
  value <- (length(y) - ncol(X)) * (1 + log(2 * pi * s2)) + c(determinant(H)$modulus) + c(determinant(A)$modulus)
  c(value, s2)
}

or_zero <- function(X, y, group, gamma) {
  if (profiled(X, y, group, 0)[1] <= profiled(X, y, group, gamma)[1] + 1e-9) gamma <- 0
  s2 <- profiled(X, y, group, gamma)[2]
  at(X, y, group, gamma * s2, s2)
}

of_lmer <- function(model) {
  v <- as.data.frame(VarCorr(model))$vcov
  s <- coef(summary(model))
  list(Vb = v[1], Ve = v[2], coef = s[, "Estimate"], se = s[, "Std. Error"], criterion = REMLcrit(model))
}

fit_reml__lmer <- function(X, y, group) of_lmer(lmer(y ~ 0 + X + (1 | group)))

fit_reml__lmer_bobyqa <- function(X, y, group) {
  control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.2, rhoend = 1e-8), calc.derivs = FALSE)
  model <- lme4::lmer(y ~ 0 + X + (1 | group), control = control)
  list(Vb = c(VarCorr(model)$group), Ve = sigma(model)^2, coef = fixef(model), se = sqrt(diag(as.matrix(vcov(model)))),
       criterion = -2 * c(logLik(model)))
}

fit_reml__lmer_of_a_frame <- function(X, y, group) {
  d <- data.frame(y, g = group, x = I(X))
  model <- lmer(y ~ x - 1 + (1 | g), data = d, REML = TRUE)
  theta <- getME(model, "theta")[[1]]
  list(Vb = (theta * sigma(model))^2, Ve = sigma(model)^2, coef = unname(getME(model, "beta")),
       se = unname(sqrt(diag(as.matrix(vcov(model))))), criterion = getME(model, "devcomp")$cmp[["REML"]])
}

fit_reml__optimize <- function(X, y, group) {
  f <- function(t) profiled(X, y, group, exp(t))[1]
  grid <- seq(-12, 12, by = 0.5)
  k <- which.min(sapply(grid, f))
  best <- optimize(f, grid[k] + c(-0.5, 0.5), tol = 1e-9)$minimum
  or_zero(X, y, group, exp(best))
}

fit_reml__score <- function(X, y, group) {
  S <- same(group)
  n <- length(y)
  score <- function(t) {
    W <- solve(diag(n) + exp(t) * S)
    P <- W - W %*% X %*% solve(t(X) %*% W %*% X) %*% t(X) %*% W
    Py <- P %*% y
    sum(P * S) - (n - ncol(X)) * sum(Py * (S %*% Py)) / sum(y * Py)
  }
  or_zero(X, y, group, if (score(-18) < 0) exp(uniroot(score, c(-18, 18), tol = 1e-12)$root) else 0)
}

fit_reml__fisher_scoring <- function(X, y, group) {
  S <- same(group)
  v <- rep(var(y) / 2, 2)
  for (k in 1:300) {
    W <- solve(v[1] * S + diag(v[2], length(y)))
    P <- W - W %*% X %*% solve(t(X) %*% W %*% X) %*% t(X) %*% W
    PS <- P %*% S
    Py <- P %*% y
    score <- c(sum(Py * (S %*% Py)) - sum(diag(PS)), sum(Py^2) - sum(diag(P)))
    I <- matrix(c(sum(PS * t(PS)), sum(PS * t(P)), sum(PS * t(P)), sum(P^2)), 2)
    new <- pmax(v + solve(I, score), c(0, v[2] / 10))
    if (max(abs(new - v)) < 1e-12 * sum(v)) break
    v <- new
  }
  or_zero(X, y, group, if (v[1] < 1e-10 * v[2]) 0 else v[1] / v[2])
}

fit_reml__lme_defaults <- function(X, y, group) {
  model <- nlme::lme(y ~ 0 + X, random = ~ 1 | group)
  list(Vb = nlme::getVarCov(model)[1, 1], Ve = model$sigma^2, coef = unname(nlme::fixef(model)),
       se = unname(sqrt(diag(vcov(model)))), criterion = -2 * c(logLik(model)))
}

fit_reml__optim_defaults <- function(X, y, group) {
  t <- optim(log(rep(var(y) / 2, 2)), function(t) at(X, y, group, exp(t[1]), exp(t[2]))$criterion)$par
  at(X, y, group, exp(t[1]), exp(t[2]))
}

fit_reml__nlminb_defaults <- function(X, y, group) {
  s <- var(residuals(lm(y ~ X - 1)))
  # by the variances themselves it ends, one time in twenty, with "iteration limit reached without convergence"
  v <- exp(nlminb(c(-1, -1), function(t) at(X, y, group, s * exp(t[1]), s * exp(t[2]))$criterion)$par)
  at(X, y, group, s * v[1], s * v[2])
}

fit_reml__optimize_defaults <- function(X, y, group) {
  rho <- optimize(function(r) profiled(X, y, group, r / (1 - r))[1], c(0, 1))$minimum
  s2 <- profiled(X, y, group, rho / (1 - rho))[2]
  at(X, y, group, rho / (1 - rho) * s2, s2)
}

df_of <- function(X, y, group, fit, L) {
  n <- length(y)
  if (fit$Vb == 0) return(rep(n - ncol(X), nrow(L)))
  parts <- list(same(group), diag(n))
  W <- solve(fit$Vb * parts[[1]] + fit$Ve * parts[[2]])
  C <- solve(t(X) %*% W %*% X)
  P <- W - W %*% X %*% C %*% t(X) %*% W
  H <- matrix(0, 2, 2)
  for (a in 1:2) for (b in 1:2) {
    Q <- parts[[a]] %*% P %*% parts[[b]]
    H[a, b] <- 2 * t(y) %*% P %*% Q %*% P %*% y - sum(P * t(Q))
  }
  apply(L, 1, function(l) {
    g <- sapply(parts, function(S) l %*% C %*% t(X) %*% W %*% S %*% W %*% X %*% C %*% l)
    drop(2 * (l %*% C %*% l)^2 / (g %*% (2 * solve(H)) %*% g))
  })
}

numerically <- function(X, y, group, fit, of, back) {
  if (fit$Vb == 0) return(rep(length(y) - ncol(X), ncol(X)))
  t <- back(c(fit$Vb, fit$Ve))
  fits <- function(t) at(X, y, group, of(t)[1], of(t)[2])
  A <- 2 * solve(numDeriv::hessian(function(t) fits(t)$criterion, t))
  J <- numDeriv::jacobian(function(t) fits(t)$se^2, t)
  2 * fit$se^4 / rowSums((J %*% A) * J)
}

satterthwaite_df__lmertest <- function(X, y, group) coef(summary(lmer(y ~ 0 + X + (1 | group))))[, "df"]

satterthwaite_df__summary_of_class <- function(X, y, group) {
  model <- as_lmerModLmerTest(lme4::lmer(y ~ 0 + X + (1 | group)))
  unname(summary(model, ddf = "Satterthwaite")$coefficients[, 3])
}

satterthwaite_df__contest <- function(X, y, group) {
  model <- lmerTest::lmer(y ~ X - 1 + (1 | group))
  sapply(seq_len(ncol(X)), function(k) contest1D(model, diag(ncol(X))[k, ])$df)
}

satterthwaite_df__contest_rows <- function(X, y, group) {
  model <- lmer(y ~ 0 + X + (1 | group))
  contest(model, diag(ncol(X)), joint = FALSE)$df
}

satterthwaite_df__algebra <- function(X, y, group) df_of(X, y, group, fit_reml__optimize(X, y, group), diag(ncol(X)))

satterthwaite_df__at_lmer_defaults <- function(X, y, group) {
  df_of(X, y, group, fit_reml__lmer(X, y, group), diag(ncol(X)))
}

satterthwaite_df__numderiv <- function(X, y, group) {
  fit <- fit_reml__score(X, y, group)
  v <- c(fit$Vb, fit$Ve) # numDeriv's step is absolute where a number is small
  numerically(X, y, group, fit, function(t) t * v, function(t) t / v)
}

satterthwaite_df__of_sds <- function(X, y, group) {
  matrix(numerically(X, y, group, fit_reml__optimize(X, y, group), function(t) t^2, sqrt), ncol = 1)
}

satterthwaite_df__of_logs <- function(X, y, group) {
  as.list(numerically(X, y, group, fit_reml__score(X, y, group), exp, log))
}

satterthwaite_df__scoring <- function(X, y, group) {
  df <- df_of(X, y, group, fit_reml__fisher_scoring(X, y, group), diag(ncol(X)))
  setNames(df, paste0("b", seq_along(df)))
}

of_anova <- function(a) list(F = a$`F value`[1], df_num = a$NumDF[1], df_den = a$DenDF[1], p_value = a$`Pr(>F)`[1])

pooled <- function(df) {
  if (diff(range(df)) < 1e-8 * max(df)) return(df[1])
  if (any(df <= 2)) return(2)
  E <- sum(df / (df - 2))
  2 * E / (E - length(df))
}

by_hand <- function(data, contrasts, fit, tail) {
  X <- unname(model.matrix(~ 0 + color, data))
  found <- fit(X, data$weight, data$bucket)
  V <- found$Vb * same(data$bucket) + diag(found$Ve, nrow(data))
  C <- solve(t(X) %*% solve(V) %*% X)
  L <- contrasts(ncol(X))
  L <- solve(t(chol(L %*% C %*% t(L))), L)
  F <- mean((L %*% found$coef)^2)
  df <- pooled(df_of(X, data$weight, data$bucket, found, L))
  list(F = F, df_num = nrow(L), df_den = df, p_value = tail(F, nrow(L), df))
}

upper <- function(F, q, df) pf(F, q, df, lower.tail = FALSE)

anova_reml__anova <- function(data) of_anova(anova(lmer(weight ~ color + (1 | bucket), data = data)))

anova_reml__type_one <- function(data) {
  of_anova(anova(lmer(weight ~ color + (1 | bucket), data), type = "I", ddf = "Satterthwaite"))
}

anova_reml__sum_contrasts <- function(data) {
  model <- lmer(weight ~ color + (1 | bucket), data, contrasts = list(color = "contr.sum"))
  a <- anova(model)
  c(F = a["color", "F value"], df_num = a["color", "NumDF"], df_den = a["color", "DenDF"], p_value = a["color", "Pr(>F)"])
}

anova_reml__one_minus_pf <- function(data) {
  a <- anova(lmer(weight ~ color + (1 | bucket), data))
  data.frame(F = a[[5]], df_num = a[[3]], df_den = a[[4]], p_value = 1 - pf(a[[5]], a[[3]], a[[4]]))
}

anova_reml__contest <- function(data) {
  model <- lmer(weight ~ color + (1 | bucket), data)
  found <- contest(model, diag(length(fixef(model)))[-1, , drop = FALSE])
  list(F = found$`F value`, df_num = found$NumDF, df_den = found$DenDF, p_value = found$`Pr(>F)`)
}

anova_reml__drop1 <- function(data) of_anova(drop1(lmer(weight ~ color + (1 | bucket), data)))

anova_reml__against_the_first <- function(data) {
  by_hand(data, function(k) cbind(-1, diag(k - 1)), fit_reml__optimize, upper)
}

anova_reml__helmert <- function(data) by_hand(data, function(k) t(contr.helmert(k)), fit_reml__score, upper)

anova_reml__successive_differences <- function(data) {
  by_hand(data, function(k) diff(diag(k)), fit_reml__optimize, function(F, q, df) 1 - pf(F, q, df))
}

anova_reml__beta <- function(data) {
  tail <- function(F, q, df) pbeta(df / (df + q * F), df / 2, q / 2)
  by_hand(data, function(k) t(contr.sum(k)), fit_reml__fisher_scoring, tail)
}
