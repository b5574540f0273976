# Exercise 4.2 in R, each function in ten ways. What follows two underscores names the way.

model_variances__chapter <- function(sigma_bucket, sigma_within) {
  Vb <- sigma_bucket^2
  Ve <- sigma_within^2
  Vbe <- Vb + Ve
  list(Vb = Vb, Ve = Ve, Vbe = Vbe, rho = Vb / (Vb + Ve))
}
model_variances__vector <- function(sigma_bucket, sigma_within) {
  v <- c(Vb = sigma_bucket^2, Ve = sigma_within^2)
  c(v, Vbe = sum(v), rho = unname(v["Vb"] / sum(v)))
}
model_variances__frame <- function(sigma_bucket, sigma_within) {
  data.frame(Vb = sigma_bucket^2, Ve = sigma_within^2, Vbe = sigma_bucket^2 + sigma_within^2,
             rho = sigma_bucket^2 / (sigma_bucket^2 + sigma_within^2))
}
model_variances__within <- function(sigma_bucket, sigma_within) {
  within(data.frame(Vb = sigma_bucket * sigma_bucket, Ve = sigma_within * sigma_within), {
    Vbe <- Vb + Ve
    rho <- 1 - Ve / Vbe
  })
}
model_variances__crossprod <- function(sigma_bucket, sigma_within) {
  total <- drop(crossprod(c(sigma_bucket, sigma_within)))
  list(Vb = sigma_bucket^2, Ve = sigma_within^2, Vbe = total, rho = sigma_bucket^2 / total)
}
model_variances__matrix <- function(sigma_bucket, sigma_within) {
  V <- matrix(sigma_bucket^2, 2, 2) + diag(sigma_within^2, 2)
  list(Vb = V[1, 2], Ve = sigma_within^2, Vbe = V[1, 1], rho = cov2cor(V)[1, 2])
}
model_variances__setnames <- function(sigma_bucket, sigma_within) {
  setNames(as.list(c(sigma_bucket^2, sigma_within^2, sigma_bucket^2 + sigma_within^2,
                     prop.table(c(sigma_bucket^2, sigma_within^2))[1])), c("Vb", "Ve", "Vbe", "rho"))
}
model_variances__mapply <- function(sigma_bucket, sigma_within) {
  v <- vapply(c(Vb = sigma_bucket, Ve = sigma_within), function(s) s^2, numeric(1))
  as.list(c(v, Vbe = sum(v), rho = v[[1]] / sum(v)))
}
model_variances__ratio <- function(sigma_bucket, sigma_within) {
  rho <- 1 / (1 + (sigma_within / sigma_bucket)^2)
  list(rho = rho, Vbe = sigma_bucket^2 + sigma_within^2, Ve = sigma_within^2, Vb = sigma_bucket^2)
}
model_variances__environment <- function(sigma_bucket, sigma_within) {
  found <- new.env()
  found$Vb <- sigma_bucket**2
  found$Ve <- sigma_within**2
  found$Vbe <- with(found, Vb + Ve)
  found$rho <- with(found, Vb / Vbe)
  as.list(found)
}

empirical_variances__chapter <- function(data) {
  Ve <- mean(with(data, tapply(weight, bucket, var)))
  Vbe <- var(data$weight)
  list(Vb = Vbe - Ve, Ve = Ve, Vbe = Vbe, rho = (Vbe - Ve) / Vbe)
}
empirical_variances__aggregate <- function(data) {
  Ve <- mean(aggregate(weight ~ bucket, data, var)$weight)
  Vbe <- sd(data$weight)^2
  c(Vb = Vbe - Ve, Ve = Ve, Vbe = Vbe, rho = 1 - Ve / Vbe)
}
empirical_variances__split <- function(data) {
  Ve <- mean(sapply(split(data$weight, data$bucket), var))
  Vbe <- sum((data$weight - mean(data$weight))^2) / (nrow(data) - 1)
  data.frame(Vb = Vbe - Ve, Ve = Ve, Vbe = Vbe, rho = (Vbe - Ve) / Vbe)
}
empirical_variances__loop <- function(data) {
  total <- 0
  for (b in levels(data$bucket)) total <- total + var(data$weight[data$bucket == b])
  Ve <- total / nlevels(data$bucket)
  Vbe <- var(data$weight)
  list(Vb = Vbe - Ve, Ve = Ve, Vbe = Vbe, rho = (Vbe - Ve) / Vbe)
}
empirical_variances__by <- function(data) {
  Ve <- mean(c(by(data, data$bucket, function(d) var(d$weight))))
  Vbe <- var(data[["weight"]])
  list(Vb = Vbe - Ve, Ve = Ve, Vbe = Vbe, rho = (Vbe - Ve) / Vbe)
}
empirical_variances__ave <- function(data) {
  n <- ave(data$weight, data$bucket, FUN = length)
  r <- data$weight - ave(data$weight, data$bucket)
  Ve <- sum(r^2 / (n - 1)) / length(unique(data$bucket))
  Vbe <- var(data$weight)
  list(Vb = Vbe - Ve, Ve = Ve, Vbe = Vbe, rho = (Vbe - Ve) / Vbe)
}
empirical_variances__rowsum <- function(data) {
  n <- c(rowsum(rep(1, nrow(data)), data$bucket))
  centred <- data$weight - mean(data$weight)
  s <- c(rowsum(centred, data$bucket))
  Ve <- mean((c(rowsum(centred^2, data$bucket)) - s^2 / n) / (n - 1))
  Vbe <- sum(centred^2) / (sum(n) - 1)
  list(Vb = Vbe - Ve, Ve = Ve, Vbe = Vbe, rho = (Vbe - Ve) / Vbe)
}
empirical_variances__vapply <- function(data) {
  v <- vapply(unique(data$bucket), function(b) stats::var(subset(data, bucket == b)$weight), 0)
  Vbe <- var(data$weight)
  as.list(c(Vb = Vbe - mean(v), Ve = mean(v), Vbe = Vbe, rho = 1 - mean(v) / Vbe))
}
empirical_variances__cov <- function(data) {
  total <- cov(data$weight, data$weight)
  each <- lapply(split(data, data$bucket), function(d) cov(d["weight"])[1, 1])
  Ve <- Reduce(`+`, each) / length(each)
  list(Vb = total - Ve, Ve = Ve, Vbe = total, rho = (total - Ve) / total)
}
empirical_variances__lm <- function(data) {
  mse <- function(w) summary(lm(w ~ 1))$sigma^2
  Ve <- mean(tapply(data$weight, data$bucket, mse))
  Vbe <- mse(data$weight)
  list(Vb = Vbe - Ve, Ve = Ve, Vbe = Vbe, rho = (Vbe - Ve) / Vbe)
}

design_matrix__formula <- function(labels, intercept) {
  if (intercept) model.matrix(~ labels) else model.matrix(~ labels - 1)
}
design_matrix__outer <- function(labels, intercept) {
  X <- outer(labels, levels(labels), "==") + 0
  if (intercept) X[, 1] <- 1
  X
}
design_matrix__diag <- function(labels, intercept) {
  X <- diag(nlevels(labels))[as.integer(labels), , drop = FALSE]
  if (intercept) cbind(1, X[, -1, drop = FALSE]) else X
}
design_matrix__sapply <- function(labels, intercept) {
  X <- sapply(levels(labels), function(l) as.numeric(labels == l))
  X <- matrix(X, nrow = length(labels))
  if (intercept) X[, 1] <- 1
  X
}
design_matrix__indexing <- function(labels, intercept) {
  X <- matrix(0, length(labels), nlevels(labels))
  X[cbind(seq_along(labels), labels)] <- 1
  if (intercept) X[, 1] <- 1
  X
}
design_matrix__loop <- function(labels, intercept) {
  X <- NULL
  for (l in levels(labels)) X <- cbind(X, ifelse(labels == l, 1, 0))
  if (isTRUE(as.logical(intercept))) X[, 1] <- rep(1, nrow(X))
  X
}
design_matrix__contrasts <- function(labels, intercept) {
  K <- if (intercept) cbind(1, contr.treatment(nlevels(labels))) else contr.treatment(nlevels(labels), contrasts = FALSE)
  K[labels, , drop = FALSE]
}
design_matrix__table <- function(labels, intercept) {
  X <- unclass(table(seq_along(labels), labels))
  if (intercept) X[, 1] <- 1L
  X
}
design_matrix__frame <- function(labels, intercept) {
  X <- as.data.frame(lapply(split(seq_along(labels), labels), function(rows) as.integer(seq_along(labels) %in% rows)))
  if (intercept) X[[1]] <- 1
  X
}
design_matrix__sparse <- function(labels, intercept) {
  X <- if (intercept) Matrix::sparse.model.matrix(~ labels) else Matrix::sparse.model.matrix(~ 0 + labels)
  as.matrix(X)
}

covariance_matrix__chapter <- function(group, Vb, Ve) {
  V <- matrix(0, nrow = length(group), ncol = length(group))
  V[outer(group, group, "==")] <- Vb
  diag(V) <- Vb + Ve
  V
}
covariance_matrix__z <- function(group, Vb, Ve) {
  Z <- outer(group, levels(group), "==") + 0
  Vb * Z %*% t(Z) + Ve * diag(length(group))
}
covariance_matrix__tcrossprod <- function(group, Vb, Ve) {
  tcrossprod(sqrt(Vb) * diag(nlevels(group))[group, , drop = FALSE]) + diag(Ve, length(group))
}
covariance_matrix__ifelse <- function(group, Vb, Ve) {
  n <- length(group)
  ifelse(outer(group, group, "=="), Vb, 0) + Ve * (row(diag(n)) == col(diag(n)))
}
covariance_matrix__loops <- function(group, Vb, Ve) {
  n <- length(group)
  V <- matrix(0, n, n)
  for (i in 1:n) for (j in 1:n) V[i, j] <- (group[i] == group[j]) * Vb + (i == j) * Ve
  V
}
covariance_matrix__sapply <- function(group, Vb, Ve) {
  sapply(seq_along(group), function(i) Vb * (group == group[i]) + Ve * (seq_along(group) == i))
}
covariance_matrix__dist <- function(group, Vb, Ve) {
  D <- as.matrix(dist(as.integer(group)))
  V <- Vb * (D == 0)
  diag(V) <- diag(V) + Ve
  unname(V)
}
covariance_matrix__blocks <- function(group, Vb, Ve) {
  V <- diag(Ve, length(group))
  for (rows in split(seq_along(group), group)) V[rows, rows] <- V[rows, rows] + Vb
  V
}
covariance_matrix__correlations <- function(group, Vb, Ve) {
  R <- Vb / (Vb + Ve) * outer(group, group, "==")
  diag(R) <- 1
  (Vb + Ve) * R
}
covariance_matrix__sparse <- function(group, Vb, Ve) {
  Z <- Matrix::t(Matrix::fac2sparse(group))
  Vb * Matrix::tcrossprod(Z) + Matrix::Diagonal(length(group), Ve)
}

gls__chapter <- function(X, y, V) {
  Vi <- solve(V)
  coef <- solve(t(X) %*% Vi %*% X) %*% t(X) %*% Vi %*% y
  list(coef = coef, se = sqrt(diag(solve(t(X) %*% Vi %*% X))))
}
gls__chol2inv <- function(X, y, V) {
  Vi <- chol2inv(chol(V))
  C <- solve(crossprod(X, Vi %*% X))
  list(coef = drop(C %*% crossprod(X, Vi %*% y)), se = sqrt(diag(C)))
}
gls__whitened <- function(X, y, V) {
  R <- chol(V)
  Xw <- backsolve(R, X, transpose = TRUE)
  yw <- backsolve(R, y, transpose = TRUE)
  C <- chol2inv(qr.R(qr(Xw)))
  list(coef = qr.solve(Xw, yw), se = sqrt(diag(C)))
}
gls__lm <- function(X, y, V) {
  W <- t(solve(chol(V)))
  fit <- lm(W %*% y ~ 0 + W %*% X)
  list(coef = unname(coef(fit)), se = sqrt(diag(summary(fit)$cov.unscaled)))
}
gls__eigen <- function(X, y, V) {
  e <- eigen(V, symmetric = TRUE)
  H <- e$vectors %*% diag(1 / sqrt(e$values), length(y)) %*% t(e$vectors)
  fit <- lm.fit(H %*% X, c(H %*% y))
  list(coef = fit$coefficients, se = sqrt(diag(solve(crossprod(H %*% X)))))
}
gls__solve_without_inverse <- function(X, y, V) {
  A <- crossprod(X, solve(V, X))
  list(coef = solve(A, crossprod(X, solve(V, y))), se = sqrt(diag(solve(A))))
}
gls__augmented <- function(X, y, V) {
  n <- nrow(X)
  p <- ncol(X)
  K <- solve(rbind(cbind(V, X), cbind(t(X), matrix(0, p, p))))
  bottom <- n + seq_len(p)
  list(coef = K[bottom, seq_len(n), drop = FALSE] %*% y, se = sqrt(-diag(K[bottom, bottom, drop = FALSE])))
}
gls__svd <- function(X, y, V) {
  s <- svd(V)
  H <- t(s$u) / sqrt(s$d)
  Q <- qr(H %*% X)
  list(coef = qr.coef(Q, H %*% y)[, 1], se = sqrt(rowSums(backsolve(qr.R(Q), diag(ncol(X)))^2)))
}
gls__lsfit <- function(X, y, V) {
  R <- chol(V)
  fit <- lsfit(forwardsolve(t(R), X), forwardsolve(t(R), y), intercept = FALSE)
  list(coef = unname(fit$coef), se = sqrt(diag(chol2inv(fit$qr$qr, ncol(X)))))
}
gls__data_frame <- function(X, y, V) {
  P <- solve(V)
  C <- solve(t(X) %*% P %*% X)
  data.frame(coef = C %*% (t(X) %*% (P %*% y)), se = diag(C)^0.5)
}

ols__lm <- function(X, y) {
  fit <- lm(y ~ X - 1)
  s <- summary(fit)
  list(coef = coef(fit), se = coef(s)[, 2], sigma2 = s$sigma^2, df_resid = fit$df.residual)
}
ols__normal <- function(X, y) {
  b <- solve(t(X) %*% X) %*% t(X) %*% y
  df <- nrow(X) - ncol(X)
  s2 <- sum((y - X %*% b)^2) / df
  list(coef = b, se = sqrt(s2 * diag(solve(t(X) %*% X))), sigma2 = s2, df_resid = df)
}
ols__qr <- function(X, y) {
  Q <- qr(X)
  df <- length(y) - Q$rank
  s2 <- sum(qr.resid(Q, y)^2) / df
  list(coef = qr.coef(Q, y), se = sqrt(s2 * diag(chol2inv(qr.R(Q)))), sigma2 = s2, df_resid = df)
}
ols__vcov <- function(X, y) {
  fit <- lm(y ~ 0 + ., data = as.data.frame(X))
  list(coef = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))), sigma2 = sigma(fit)^2, df_resid = df.residual(fit))
}
ols__glm <- function(X, y) {
  fit <- glm(y ~ 0 + X)
  s <- summary(fit)
  list(coef = coef(s)[, "Estimate"], se = coef(s)[, "Std. Error"], sigma2 = s$dispersion, df_resid = s$df.residual)
}
ols__svd <- function(X, y) {
  s <- svd(X)
  b <- s$v %*% (crossprod(s$u, y) / s$d)
  df <- nrow(X) - length(s$d)
  s2 <- sum((y - X %*% b)^2) / df
  list(coef = c(b), se = sqrt(s2 * rowSums((s$v %*% diag(1 / s$d, length(s$d)))^2)), sigma2 = s2, df_resid = df)
}
ols__hat <- function(X, y) {
  H <- X %*% solve(crossprod(X), t(X))
  df <- sum(diag(diag(nrow(X)) - H))
  s2 <- drop(t(y) %*% (diag(nrow(X)) - H) %*% y) / round(df)
  list(coef = solve(crossprod(X), crossprod(X, y)), se = sqrt(s2 * diag(solve(crossprod(X)))), sigma2 = s2,
       df_resid = round(df))
}
ols__lm_fit <- function(X, y) {
  fit <- .lm.fit(X, y)
  df <- length(y) - fit$rank
  s2 <- sum(fit$residuals^2) / df
  list(coef = fit$coefficients, se = sqrt(s2 * diag(chol2inv(fit$qr, fit$rank))), sigma2 = s2, df_resid = df)
}
ols__lsfit <- function(X, y) {
  fit <- ls.diag(lsfit(X, y, intercept = FALSE))
  list(coef = lsfit(X, y, intercept = FALSE)$coefficients, se = fit$std.err[, 1], sigma2 = fit$std.dev^2,
       df_resid = nrow(X) - ncol(X))
}
ols__deviance <- function(X, y) {
  fit <- lm.fit(X, y)
  class(fit) <- "lm"
  s2 <- deviance(fit) / fit$df.residual
  list(coef = unname(fit$coefficients), se = sqrt(s2 * diag(solve(crossprod(X)))), sigma2 = s2,
       df_resid = fit$df.residual)
}
