# Base R only: rowsum and crossprod, uniroot on the slope of the profiled criterion; results are named lists.

simulate_frogs <- function(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed) {
  set.seed(seed, kind = "Mersenne-Twister")
  data <- expand.grid(id = seq_len(n_within), bucket = seq_len(n_buckets))
  data$color <- unlist(colors)[ceiling(data$bucket * length(colors) / n_buckets)]
  data$bucket_mu <- rnorm(n_buckets, mu, sigma_bucket)[data$bucket]
  data$weight <- data$bucket_mu + sigma_within * rnorm(nrow(data))
  data
}

buckets_per_color <- function(data) {
  lapply(split(as.character(data$bucket), as.character(data$color)), function(b) length(unique(b)))
}

denominator_df <- function(data) length(unique(data$bucket)) - length(unique(data$color))

model_variances <- function(sigma_bucket, sigma_within) {
  v <- c(Vb = sigma_bucket, Ve = sigma_within)^2
  as.list(c(v, Vbe = sum(v), rho = v[["Vb"]] / sum(v)))
}

empirical_variances <- function(data) {
  within <- vapply(split(data$weight, data$bucket, drop = TRUE), var, numeric(1))
  Ve <- mean(within)
  Vbe <- var(data$weight)
  list(Vb = Vbe - Ve, Ve = Ve, Vbe = Vbe, rho = 1 - Ve / Vbe)
}

indicators <- function(labels) {
  labels <- droplevels(as.factor(labels))
  Z <- diag(nlevels(labels))[as.integer(labels), , drop = FALSE]
  colnames(Z) <- levels(labels)
  Z
}

design_matrix <- function(labels, intercept) {
  X <- indicators(labels)
  if (intercept) X[, 1] <- 1
  X
}

covariance_matrix <- function(group, Vb, Ve) {
  Z <- indicators(group)
  unname(Vb * tcrossprod(Z) + Ve * diag(nrow(Z)))
}

# Least squares of y on X when Cov(y) = R'R: both are divided by R'.
gls <- function(X, y, V) {
  R <- chol(V)
  decomposed <- qr(backsolve(R, X, transpose = TRUE))
  cov <- chol2inv(qr.R(decomposed))
  list(coef = qr.coef(decomposed, backsolve(R, y, transpose = TRUE)), se = sqrt(diag(cov)))
}

ols <- function(X, y) {
  fit <- lm.fit(X, y)
  sigma2 <- sum(fit$residuals^2) / fit$df.residual
  list(coef = unname(fit$coefficients), se = sqrt(sigma2 * diag(chol2inv(fit$qr$qr))),
       sigma2 = sigma2, df_resid = fit$df.residual)
}

frog_correlation <- function(data, first_id, second_id) {
  first <- data[data$id == first_id, ]
  second <- data[data$id == second_id, ]
  cor(first$weight, second$weight[match(first$bucket, second$bucket)], use = "complete.obs")
}

f_test <- function(F, df_num, df_den) {
  list(F = F, df_num = df_num, df_den = df_den, p_value = pf(F, df_num, df_den, lower.tail = FALSE))
}

anova_ols <- function(data) {
  means <- ave(data$weight, as.character(data$color))
  df_num <- length(unique(data$color)) - 1
  df_den <- nrow(data) - df_num - 1
  f_test(sum((means - mean(data$weight))^2) / df_num / (sum((data$weight - means)^2) / df_den), df_num, df_den)
}

# The mixed model. gamma = Vb / Ve; H = I + gamma ZZ'; r is what least squares leaves of y.
prepare <- function(X, y, group) {
  group <- as.character(group)
  start <- lm.fit(X, y)$coefficients
  A <- cbind(X, y - drop(X %*% start))
  n <- as.vector(table(group))
  means <- unname(rowsum(A, group)) / n
  within <- crossprod(A - means[match(group, sort(unique(group))), , drop = FALSE])
  list(X = X, start = unname(start), n = n, means = means, within = unname(within),
       N = nrow(X), p = ncol(X), x = seq_len(ncol(X)))
}

at <- function(m, gamma) {
  w <- 1 / (1 + gamma * m$n)
  M <- m$within + crossprod(m$means * sqrt(m$n * w))                # [X r]'H^-1 [X r]
  slopes <- list(-crossprod(m$means * m$n * w),                     # its first and second derivative by gamma
                 2 * crossprod(m$means * (m$n * w)^1.5))
  U <- chol(M[m$x, m$x, drop = FALSE])
  inverse <- chol2inv(U)
  b <- drop(inverse %*% M[m$x, m$p + 1])
  v <- c(-b, 1)
  rss <- drop(v %*% M %*% v)
  Ve <- rss / (m$N - m$p)
  trace <- sum(inverse * slopes[[1]][m$x, m$x])
  list(gamma = gamma, Ve = Ve, Vb = gamma * Ve, b = b, v = v, inverse = inverse, slopes = slopes,
       slope = sum(m$n * w) + trace + drop(v %*% slopes[[1]] %*% v) / Ve,
       criterion = (m$N - m$p) * (1 + log(2 * pi * Ve)) - sum(log(w)) + 2 * sum(log(diag(U))))
}

# All valleys of the criterion, between a falling and a rising end; 0 if it rises from there. The lowest.
minimum <- function(m) {
  slope <- function(gamma) at(m, gamma)$slope
  grid <- c(0, 10^seq(-7, 9, by = 0.2))
  s <- vapply(grid, slope, numeric(1))
  k <- which(s[-length(s)] < 0 & s[-1] >= 0)
  roots <- vapply(k, function(i) {
    if (i == 1) return(uniroot(slope, grid[1:2], tol = 1e-20)$root)
    exp(uniroot(function(t) slope(exp(t)), log(grid[i + 0:1]), tol = 1e-14)$root)
  }, numeric(1))
  fits <- lapply(c(if (s[1] >= 0) 0, roots), function(gamma) at(m, gamma))
  fits[[which.min(vapply(fits, function(fit) fit$criterion, numeric(1)))]]
}

fit_reml <- function(X, y, group) {
  m <- prepare(X, y, group)
  fit <- minimum(m)
  list(Vb = fit$Vb, Ve = fit$Ve, coef = m$start + fit$b, se = sqrt(fit$Ve * diag(fit$inverse)), criterion = fit$criterion)
}

# 2 f^2 / Var(f) of f = l'C l for every row l of L, in the coordinates (gamma, log Ve).
contrast_df <- function(m, fit, L) {
  if (fit$gamma == 0) return(rep(m$N - m$p, nrow(L)))
  D <- fit$slopes[[1]]
  ID <- fit$inverse %*% D[m$x, m$x]
  rss1 <- drop(fit$v %*% D %*% fit$v)
  bend <- (D %*% fit$v)[m$x]
  rss2 <- drop(fit$v %*% fit$slopes[[2]] %*% fit$v) - 2 * drop(bend %*% fit$inverse %*% bend)
  log_dets2 <- -sum((m$n / (1 + fit$gamma * m$n))^2) + sum(fit$inverse * fit$slopes[[2]][m$x, m$x]) - sum(ID * t(ID))
  hessian <- matrix(c(log_dets2 + rss2 / fit$Ve, -rss1 / fit$Ve, -rss1 / fit$Ve, m$N - m$p), 2)
  variance <- 2 * solve(hessian)
  apply(L, 1, function(l) {
    f <- drop(l %*% fit$inverse %*% l)
    g <- c(-drop(l %*% ID %*% fit$inverse %*% l) / f, 1)            # of log f
    2 / drop(g %*% variance %*% g)
  })
}

satterthwaite_df <- function(X, y, group) {
  m <- prepare(X, y, group)
  contrast_df(m, minimum(m), diag(m$p))
}

anova_reml <- function(data) {
  m <- prepare(unname(indicators(data$color)), data$weight, data$bucket)
  fit <- minimum(m)
  L <- t(contr.helmert(m$p))
  L <- backsolve(chol(fit$Ve * L %*% fit$inverse %*% t(L)), L, transpose = TRUE)   # t values are independent
  F <- mean((L %*% (m$start + fit$b))^2)
  nu <- contrast_df(m, fit, L)
  E <- sum(nu / (nu - 2))
  df <- if (diff(range(nu)) < 1e-7 * max(nu)) nu[1] else if (any(nu <= 2)) 2 else 2 * E / (E - length(nu))
  f_test(F, length(nu), df)
}
