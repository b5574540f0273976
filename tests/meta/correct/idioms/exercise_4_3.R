# Exercise 4.3 in R, each function in ten ways. What follows two underscores names the way.

frog_correlation__merge <- function(data, first_id, second_id) {
  m <- merge(data[data$id == first_id, ], data[data$id == second_id, ], by = "bucket")
  cor(m$weight.x, m$weight.y)
}
frog_correlation__match <- function(data, first_id, second_id) {
  a <- subset(data, id == first_id)
  b <- subset(data, id == second_id)
  cor(a$weight, b$weight[match(a$bucket, b$bucket)], use = "complete.obs")
}
frog_correlation__tapply <- function(data, first_id, second_id) {
  wide <- tapply(data$weight, list(data$bucket, data$id), mean)
  cor(wide[, as.character(first_id)], wide[, as.character(second_id)], use = "pairwise.complete.obs")
}
frog_correlation__reshape <- function(data, first_id, second_id) {
  pair <- data[data$id %in% c(first_id, second_id), c("bucket", "id", "weight")]
  wide <- reshape(pair, idvar = "bucket", timevar = "id", direction = "wide")
  cor(wide[[paste0("weight.", first_id)]], wide[[paste0("weight.", second_id)]], use = "complete")
}
frog_correlation__names <- function(data, first_id, second_id) {
  of <- function(k) with(data[data$id == k, ], setNames(weight, bucket))
  x <- of(first_id)
  y <- of(second_id)
  both <- intersect(names(x), names(y))
  cor(x[both], y[both])
}
frog_correlation__cor_test <- function(data, first_id, second_id) {
  m <- merge(subset(data, id == first_id, c(bucket, weight)), subset(data, id == second_id, c(bucket, weight)), "bucket")
  unname(cor.test(~ weight.x + weight.y, m)$estimate)
}
frog_correlation__sums <- function(data, first_id, second_id) {
  m <- merge(data[data$id == first_id, ], data[data$id == second_id, ], by = "bucket")
  x <- m$weight.x - mean(m$weight.x)
  y <- m$weight.y - mean(m$weight.y)
  sum(x * y) / sqrt(sum(x^2) * sum(y^2))
}
frog_correlation__cov2cor <- function(data, first_id, second_id) {
  wide <- na.omit(tapply(data$weight, list(data$bucket, factor(data$id)), sum)[, paste(c(first_id, second_id))])
  cov2cor(cov(wide))[1, 2]
}
frog_correlation__scaled <- function(data, first_id, second_id) {
  wide <- xtabs(weight ~ bucket + id, subset(data, id %in% c(first_id, second_id)))
  there <- xtabs(~ bucket + id, subset(data, id %in% c(first_id, second_id)))
  z <- scale(unclass(wide)[rowSums(there > 0) == 2, ])
  crossprod(z[, 1], z[, 2]) / (nrow(z) - 1)
}
frog_correlation__slopes <- function(data, first_id, second_id) {
  m <- merge(data[data$id == first_id, ], data[data$id == second_id, ], by = "bucket")
  unname(coef(lm(weight.y ~ weight.x, m))[2]) * sd(m$weight.x) / sd(m$weight.y)
}

anova_ols__anova <- function(data) {
  a <- anova(lm(weight ~ color, data = data))
  list(F = a[["F value"]][1], df_num = a$Df[1], df_den = a$Df[2], p_value = a[["Pr(>F)"]][1])
}
anova_ols__one_minus_pf <- function(data) {
  a <- anova(lm(weight ~ color, data))
  F <- a$`Mean Sq`[1] / a$`Mean Sq`[2]
  list(F = F, df_num = a$Df[1], df_den = a$Df[2], p_value = 1 - pf(F, a$Df[1], a$Df[2]))
}
anova_ols__aov <- function(data) {
  s <- summary(aov(weight ~ color, data))[[1]]
  list(F = s[1, "F value"], df_num = s[1, "Df"], df_den = s[2, "Df"], p_value = s[1, "Pr(>F)"])
}
anova_ols__fstatistic <- function(data) {
  f <- summary(lm(weight ~ color, data))$fstatistic
  c(F = f[[1]], df_num = f[[2]], df_den = f[[3]], p_value = pf(f[[1]], f[[2]], f[[3]], lower.tail = FALSE))
}
anova_ols__oneway <- function(data) {
  test <- oneway.test(weight ~ color, data, var.equal = TRUE)
  list(F = test$statistic, df_num = test$parameter[1], df_den = test$parameter[2], p_value = test$p.value)
}
anova_ols__two_models <- function(data) {
  a <- anova(lm(weight ~ 1, data), lm(weight ~ color, data))
  list(F = a$F[2], df_num = a$Df[2], df_den = a$Res.Df[2], p_value = a$`Pr(>F)`[2])
}
anova_ols__by_hand <- function(data) {
  m <- tapply(data$weight, data$color, mean)
  n <- tapply(data$weight, data$color, length)
  k <- length(m)
  N <- nrow(data)
  between <- sum(n * (m - mean(data$weight))^2) / (k - 1)
  within <- sum((data$weight - m[data$color])^2) / (N - k)
  data.frame(F = between / within, df_num = k - 1, df_den = N - k, p_value = 1 - pf(between / within, k - 1, N - k))
}
anova_ols__drop1 <- function(data) {
  fit <- lm(weight ~ color, data)
  d <- drop1(fit, ~ color, test = "F")
  list(F = d$`F value`[2], df_num = d$Df[2], df_den = df.residual(fit), p_value = d$`Pr(>F)`[2])
}
anova_ols__wald <- function(data) {
  fit <- lm(weight ~ color, data)
  b <- coef(fit)[-1]
  F <- drop(b %*% solve(vcov(fit)[-1, -1, drop = FALSE], b)) / length(b)
  list(F = F, df_num = length(b), df_den = fit$df.residual,
       p_value = exp(pf(F, length(b), fit$df.residual, lower.tail = FALSE, log.p = TRUE)))
}
anova_ols__beta <- function(data) {
  rss1 <- deviance(lm(weight ~ color, data))
  rss0 <- sum((data$weight - mean(data$weight))^2)
  q <- nlevels(droplevels(data$color)) - 1
  d <- nrow(data) - q - 1
  list(F = (rss0 - rss1) / q / (rss1 / d), df_num = q, df_den = d, p_value = pbeta(rss1 / rss0, d / 2, q / 2))
}
