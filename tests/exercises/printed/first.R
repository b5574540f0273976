options(digits = 15, warn = -1); suppressPackageStartupMessages(library(lmerTest))
dat <- read.csv("chapter_1.csv")
dat$bucket <- factor(dat$bucket); dat$color <- factor(dat$color, levels = sort(unique(dat$color), method = 'radix'))
head(dat)
cat('\n@numbers@', format(as.numeric(unlist(c(nrow(dat), sum(dat$weight < 0), head(dat$weight)))), digits = 17), '\n')
per_color <- colSums(table(dat$bucket, dat$color) > 0)
per_color
cat('\n@numbers@', format(as.numeric(unlist(c(per_color, sum(per_color) - length(per_color)))), digits = 17), '\n')
paint <- as.character(dat$color)[match(levels(dat$bucket), dat$bucket)]
boxplot(weight ~ bucket, dat, col = paint)
cat('\n@numbers@', format(as.numeric(unlist(c(sd(tapply(dat$weight, dat$bucket, mean)), sqrt(mean(tapply(dat$weight, dat$bucket, var), na.rm = TRUE))))), digits = 17), '\n')
sigma_bucket <- 25; sigma_within <- 10
Vb <- sigma_bucket^2; Ve <- sigma_within^2; Vbe <- Vb + Ve; cov <- Vb; rho <- Vb / Vbe
Ve_emp <- mean(tapply(dat$weight, dat$bucket, var)); Vbe_emp <- var(dat$weight)
Vb_emp <- Vbe_emp - Ve_emp; rho_emp <- Vb_emp / Vbe_emp
rbind(population = c(Vb, Ve, Vbe, cov, rho), sample = c(Vb_emp, Ve_emp, Vbe_emp, Vb_emp, rho_emp))
cat('\n@numbers@', format(as.numeric(unlist(c(Vb, Ve, Vbe, cov, rho, Vb_emp, Ve_emp, Vbe_emp, Vb_emp, rho_emp))), digits = 17), '\n')
V <- Vb_emp * outer(dat$bucket, dat$bucket, '=='); diag(V) <- Vbe_emp
V[1:6, 1:6]
cat('\n@numbers@', format(as.numeric(unlist(c(V[1:6, 1:6]))), digits = 17), '\n')
image(V[1:300, 1:300])
cat('\n@numbers@', format(as.numeric(unlist(mean(outer(dat$bucket[1:300], dat$bucket[1:300], '==')))), digits = 17), '\n')
X <- model.matrix(~ color - 1, dat); Vi <- solve(V)
coef <- solve(t(X) %*% Vi %*% X) %*% t(X) %*% Vi %*% dat$weight
se <- sqrt(diag(solve(t(X) %*% Vi %*% X)))
cat('\n@numbers@', format(as.numeric(unlist(c(coef, se))), digits = 17), '\n')
V <- max(Vb_emp, 0) * outer(dat$bucket, dat$bucket, '=='); diag(V) <- diag(V) + Ve_emp; Vi <- solve(V)
X <- model.matrix(~ color - 1, dat); C <- solve(t(X) %*% Vi %*% X)
by_hand <- cbind(coef = c(C %*% t(X) %*% Vi %*% dat$weight), se = sqrt(diag(C)))
fit <- lm(weight ~ color - 1, dat)
summary(fit)
beside <- cbind(by_hand, coef(summary(fit))[, c('Estimate', 'Std. Error'), drop = FALSE])
beside
cat('\n@numbers@', format(as.numeric(unlist(c(beside))), digits = 17), '\n')
