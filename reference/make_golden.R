# Writes reference/golden/*.json, data/*.csv and printing.json: what R's lm, lme4, lmerTest and pbkrtest say.
#
#     Rscript make_golden.R [FOLDER]        (default: the folder of this script)
#
# Needs r-cran-lme4, r-cran-lmertest, r-cran-pbkrtest, r-cran-jsonlite. It is the only writer of goldens.
# Every value of lmer is compared with a solution of the REML score equations by Newton's method in dense
# algebra (`dense_reml` below); the digits that agree are written down as the golden's accuracy.

suppressPackageStartupMessages({
  library(lme4); library(lmerTest); library(pbkrtest); library(jsonlite); library(nlme)
})
invisible(Sys.setlocale("LC_COLLATE", "C"))
RNGkind("Mersenne-Twister", "Inversion", "Rejection")

script <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
arguments <- commandArgs(TRUE)
out <- if (length(arguments)) arguments[1] else dirname(normalizePath(script))
for (folder in file.path(out, c("data", "golden"))) dir.create(folder, FALSE, TRUE)

# --- the chapter's two populations, and their relatives -------------------------------------------------

# `lmm_core` draws them with its two default seeds (lmm_core/chapter/steps.py); only R's answers are made here.
drawn <- function(csv) {
  if (!file.exists(file.path(out, "data", csv))) {
    file.copy(file.path(dirname(normalizePath(script)), "data", csv), file.path(out, "data", csv))
  }
  read.csv(file.path(out, "data", csv))
}
chapter_1 <- drawn("chapter_1.csv")
chapter_2 <- drawn("chapter_2.csv")

set.seed(43)
shuffled <- transform(chapter_2[sample(40), ], bucket = paste0("tub ", LETTERS[bucket]), id = paste0("frog", id))
unbalanced <- chapter_2[-c(2:5, 8, 15, 21, 22, 33:35), ]  # bucket 1 keeps a single frog
boundary <- transform(chapter_2, weight = weight - ave(weight, bucket) + ave(weight, color))

from_package <- function(data, weight, bucket, fixed = NULL) {
  result <- data.frame(bucket = as.character(data[[bucket]]), weight = as.numeric(data[[weight]]))
  if (!is.null(fixed)) result$fixed <- if (is.numeric(data[[fixed]])) data[[fixed]] else as.character(data[[fixed]])
  result
}
sets <- list(
  chapter_1 = list(file = "chapter_1.csv", factor = "color", identified = FALSE),
  chapter_2 = list(file = "chapter_2.csv", factor = "color"),
  chapter_2_unbalanced = list(data = unbalanced, factor = "color"),
  chapter_2_boundary = list(data = boundary, factor = "color"),
  chapter_2_shuffled = list(data = shuffled, factor = "color"),
  dyestuff = list(data = from_package(Dyestuff, "Yield", "Batch")),
  dyestuff2 = list(data = from_package(Dyestuff2, "Yield", "Batch")),
  rail = list(data = from_package(Rail, "travel", "Rail")),
  ergostool = list(data = from_package(ergoStool, "effort", "Subject", "Type"), factor = "fixed"),
  sleepstudy = list(data = from_package(sleepstudy, "Reaction", "Subject", "Days"), covariate = "fixed"),
  orthodont = list(data = from_package(Orthodont, "distance", "Subject", "age"), covariate = "fixed")
)

# --- REML by dense algebra, to measure lmer by ----------------------------------------------------------

dense_parts <- function(X, y, ZZ, Vb, Ve) {
  Vi <- chol2inv(chol(Ve * diag(length(y)) + Vb * ZZ))
  C <- solve(crossprod(X, Vi %*% X))
  P <- Vi - Vi %*% X %*% C %*% crossprod(X, Vi)
  Py <- drop(P %*% y)
  PZ <- P %*% ZZ
  list(Vi = Vi, C = C, P = P, Py = Py,
       score = c(sum(diag(PZ)) - sum(Py * (ZZ %*% Py)), sum(diag(P)) - sum(Py^2)),
       hessian = {
         PPy <- P %*% Py; PZPy <- PZ %*% Py; ZPy <- drop(ZZ %*% Py)
         matrix(c(-sum(PZ * t(PZ)) + 2 * sum(ZPy * PZPy),
                  rep(-sum(PZ * P) + 2 * sum(ZPy * PPy), 2),
                  -sum(P * P) + 2 * sum(Py * PPy)), 2)
       })
}

dense_reml <- function(X, y, group, start) {
  n <- length(y); p <- ncol(X)
  ZZ <- outer(group, group, "==") * 1
  if (start[1] < 1e-8 * start[2]) {
    v <- c(0, sum(lm.fit(X, y)$residuals^2) / (n - p))
    at <- dense_parts(X, y, ZZ, v[1], v[2])
    stopifnot(at$score[1] > 0)
  } else {
    v <- start
    for (step in 1:8) {
      at <- dense_parts(X, y, ZZ, v[1], v[2])
      v <- v - solve(at$hessian, at$score)
    }
    at <- dense_parts(X, y, ZZ, v[1], v[2])
  }
  V <- v[2] * diag(n) + v[1] * ZZ
  coef <- drop(at$C %*% crossprod(X, at$Vi %*% y))
  df <- if (v[1] == 0) rep(n - p, p) else {
    A <- 2 * solve(at$hessian)
    W <- at$Vi %*% X %*% at$C
    gradient <- rbind(diag(t(W) %*% ZZ %*% W), diag(crossprod(W)))
    2 * diag(at$C)^2 / colSums(gradient * (A %*% gradient))
  }
  criterion <- (n - p) * log(2 * pi) + c(determinant(V)$modulus) - c(determinant(at$C)$modulus) + sum(y * at$Py)
  list(Vb = v[1], Ve = v[2], coef = unname(coef), se = unname(sqrt(diag(at$C))), df = unname(df),
       criterion = criterion, gradient = max(abs(at$score * v)))
}

lre <- function(x, truth, cap = 12) {  # dense double precision cannot witness more than 12 digits
  error <- abs(x - truth) / ifelse(truth == 0, 1, abs(truth))
  floor(10 * min(cap, -log10(error))) / 10
}

# --- one golden -----------------------------------------------------------------------------------------

tight <- list(
  bobyqa = lmerControl("bobyqa", optCtrl = list(rhobeg = 0.02, rhoend = 1e-11, maxfun = 1e5)),
  nloptwrap = lmerControl("nloptwrap", optCtrl = list(xtol_abs = 1e-14, xtol_rel = 1e-14, ftol_abs = 0, ftol_rel = 1e-16, maxeval = 1e5))
)
for (optimizer in names(tight)) {
  tight[[optimizer]]$check.conv.singular$action <- "ignore"
  tight[[optimizer]]$check.conv.grad$action <- "ignore"
  tight[[optimizer]]$calc.derivs <- FALSE
}

starts <- c(1, 0.01, 30, 1000)  # of theta = sqrt(Vb / Ve)

anova_row <- function(table, den) {
  row <- table[nrow(table), ]
  list(F = row[["F value"]], df_num = row[["NumDF"]], df_den = row[[den]], p_value = row[["Pr(>F)"]])
}

fit_golden <- function(data, fixed) {
  formula <- if (is.null(fixed)) weight ~ 1 + (1 | bucket) else as.formula(sprintf("weight ~ %s + (1 | bucket)", fixed))
  data$bucket <- factor(data$bucket)
  fits <- list()  # by every optimiser from every start: a criterion may have several minima
  for (start in starts) {
    fits <- c(fits, lapply(tight, function(control) {
      suppressMessages(lmerTest::lmer(formula, data, control = control, start = start))
    }))
  }
  X <- unname(model.matrix(fits[[1]])); attributes(X) <- attributes(X)["dim"]
  gradient <- sapply(fits, function(fit) {
    v <- as.data.frame(VarCorr(fit))$vcov
    at <- dense_parts(X, data$weight, outer(data$bucket, data$bucket, "==") * 1, v[1], v[2])
    if (v[1] == 0) 0 else max(abs(at$score * v))
  })
  # of the lowest (to 9 decimals) the boundary itself, if it is there, or else where the gradient is smallest
  criteria <- round(sapply(fits, REMLcrit), 9)
  best <- order(criteria, gradient)[1]
  optimizer <- names(fits)[best]
  fit <- fits[[best]]
  v <- as.data.frame(VarCorr(fit))$vcov
  truth <- dense_reml(X, data$weight, as.integer(data$bucket), v)
  table <- coef(summary(fit))
  expected <- list(
    Vb = v[1], Ve = v[2], coef = I(unname(table[, "Estimate"])), se = I(unname(table[, "Std. Error"])),
    df = I(unname(table[, "df"])), criterion = unname(REMLcrit(fit)), names = I(rownames(table))
  )
  measured <- names(expected)[names(expected) %in% names(truth)]
  accuracy <- setNames(lapply(measured, function(name) lre(expected[[name]], truth[[name]])), measured)

  effects <- ranef(fit)$bucket
  V <- v[2] * diag(nrow(data)) + v[1] * outer(data$bucket, data$bucket, "==")
  Vi <- solve(V)
  expected$gls <- list(coef = I(drop(solve(t(X) %*% Vi %*% X) %*% t(X) %*% Vi %*% data$weight)),
                       se = I(sqrt(diag(solve(t(X) %*% Vi %*% X)))))
  expected$blup <- setNames(as.list(effects[[1]]), rownames(effects))
  text <- capture.output(print(summary(fit)))
  expected$summary <- I(text[seq(grep("^REML criterion", text), max(which(!grepl("^optimizer|^boundary|^ *$", text))))])
  naive <- lm(lme4::nobars(formula), data)
  expected$lm <- list(coef = I(unname(coef(naive))), se = I(unname(coef(summary(naive))[, 2])),
                      sigma2 = sigma(naive)^2, df_resid = df.residual(naive))
  if (!is.null(fixed)) {
    expected$anova_reml <- anova_row(anova(fit), "DenDF")
    expected$anova_kenward_roger <- tryCatch(anova_row(anova(fit, ddf = "Kenward-Roger"), "DenDF"), error = function(e) NULL)
    row <- anova(naive)[fixed, ]
    expected$printed <- lapply(list(lm = summary(naive), anova_lm = anova(naive), anova_lmer = anova(fit)), function(x) {
      text <- capture.output(print(x))
      I(text[seq(max(1, grep("^Residuals:", text)), length(text))])
    })
    expected$anova_ols <- list(F = row[["F value"]], df_num = row[["Df"]], df_den = df.residual(naive), p_value = row[["Pr(>F)"]])
  }
  list(
    model = list(formula = paste(deparse(formula), collapse = " "), reml = TRUE, fixed = fixed),
    authority = list(
      name = "lme4 and lmerTest", version = paste(packageVersion("lme4"), packageVersion("lmerTest"), sep = " / "),
      r_version = paste(R.version$major, R.version$minor, sep = "."), call = paste(deparse(formula), collapse = " "),
      optimizer = optimizer, tolerance = 1e-11
    ),
    expected = expected, accuracy = accuracy,
    checks = list(
      gradient = truth$gradient, singular = isSingular(fit, tol = 1e-8),
      optimizers_agree = lre(min(criteria[names(fits) == "bobyqa"]), min(criteria[names(fits) == "nloptwrap"]))
    )
  )
}

chapter_steps <- function(data) {
  n_within <- tapply(data$weight, data$bucket, length)
  if (min(n_within) < 2) return(NULL)
  Ve <- mean(tapply(data$weight, data$bucket, var)); Vbe <- var(data$weight); Vb <- Vbe - Ve
  ids <- sort(unique(data$id))[1:2]
  correlation <- function(first, second) {
    pair <- merge(data[data$id == first, ], data[data$id == second, ], by = "bucket")
    cor(pair$weight.x, pair$weight.y)
  }
  steps <- list(
    empirical_variances = list(Vb = Vb, Ve = Ve, Vbe = Vbe, rho = Vb / Vbe),
    frog_correlation = list(first_id = ids[1], second_id = ids[2], value = correlation(ids[1], ids[2]))
  )
  pairs <- list(c(3, 4), c(1, 2), c(2, 3), c(1, 3))  # those that the chapter pairs
  if (is.numeric(ids)) steps$pairs <- I(sapply(pairs, function(pair) correlation(pair[1], pair[2])))
  steps
}

# What the chapter computes from the moment estimators: GLS by hand, and the naive lm.
by_hand_at_the_moments <- function(data) {
  moments <- chapter_steps(data)$empirical_variances
  V <- moments$Ve * diag(nrow(data)) + moments$Vb * outer(data$bucket, data$bucket, "==")
  X <- model.matrix(~ color - 1, data)
  Vi <- solve(V)
  C <- solve(t(X) %*% Vi %*% X)
  naive <- lm(weight ~ color - 1, data)
  test <- anova(lm(weight ~ color, data))["color", ]
  list(gls = list(coef = I(unname(drop(C %*% t(X) %*% Vi %*% data$weight))), se = I(unname(sqrt(diag(C))))),
       lm = list(coef = I(unname(coef(naive))), se = I(unname(coef(summary(naive))[, 2])), sigma2 = sigma(naive)^2, df_resid = df.residual(naive)),
       anova_ols = list(F = test[["F value"]], df_num = test[["Df"]], df_den = df.residual(naive), p_value = test[["Pr(>F)"]]))
}

# --- all of them ----------------------------------------------------------------------------------------

write_golden <- function(name, csv, golden) {
  path <- file.path(out, "data", csv)
  sha256 <- strsplit(system2("sha256sum", shQuote(path), stdout = TRUE), " ")[[1]][1]
  golden <- c(list(schema = 1, data = list(file = csv, sha256 = sha256)), golden)
  write(toJSON(golden, auto_unbox = TRUE, digits = I(17), pretty = 1, null = "null"), file.path(out, "golden", paste0(name, ".json")))
}

for (name in names(sets)) {
  set <- sets[[name]]
  csv <- paste0(name, ".csv")
  if (is.null(set$file)) {
    options(digits = 17)
    write.csv(set$data, file.path(out, "data", csv), row.names = FALSE, quote = FALSE)
    options(digits = 7)
  }
  data <- read.csv(file.path(out, "data", csv))  # R and Python read the same decimals
  fixed <- c(set$factor, set$covariate)
  chapter <- if (!is.null(data$id)) chapter_steps(data)
  if (identical(set$identified, FALSE)) {
    null <- fit_golden(data, NULL)
    null$expected <- c(null$expected, chapter, list(color = by_hand_at_the_moments(data)))
    write_golden(name, csv, null)
  } else {
    golden <- fit_golden(data, fixed)
    golden$expected <- c(golden$expected, chapter, if (!is.null(chapter)) list(color = by_hand_at_the_moments(data)))
    write_golden(name, csv, golden)
    if (!is.null(fixed)) write_golden(paste0(name, "_null"), csv, fit_golden(data, NULL))
  }
}

# --- how R prints numbers -------------------------------------------------------------------------------

# format() of several numbers together, format.pval(), abbreviate(), and printCoefmat() as summary() calls it
numbers <- list(
  0, 5, 0.1, 123456, 1234567, 1e5, 1e15, 3e10, 1e-4, 1e-5, 1.5e-5, 0.00012345, 123456.7, 0.99996, 99.996, 9.9996,
  c(0, 0.5), c(0, 100), c(0, 1e-6), c(0, 0), c(1, 10, 100), c(1e-5, 1), c(1e-5, 1000), c(99999, 0.1), c(0.1234567, 12.5),
  c(1e5, 1e-3), c(123456, 0.001), c(-1.5, 22.25), c(-0.001234, -12), c(12, 3e10), c(1.25e-8, 3.5e-7), c(1e-10, 2e-10),
  c(1e5, 1e6), c(120000, 5e9), c(1e-15, 1e15), 1e4, 12e4, c(0.00001, 0.00002), c(100000, 1), 0.0001234, c(0.00012, 10),
  2e-5, c(2e4, 3e-1), c(4e-3, 5e-3), 7e6, c(7e6, 7.5e6), c(1e99, 1), 1e100, c(1.5e5, 2), c(10, 0.00001),
  c(12345678, 0.5), c(1234567, 0.5), c(1e-100, 2e-100)
)
p_values <- list(
  0.5, c(0.5, 0.04), 1e-4, 9.9e-5, c(1e-4, 0.3), c(9.72e-5, 0.045907, 0.010648), c(0.000172, 0.045907, 0.010648),
  2.3e-16, 1e-17, 0, c(0.05, 1e-10, 1e-20), c(0.05, 1e-20), c(0.000172, 1e-20), c(0.0459, 1e-20), c(1e-8, 0),
  2.2e-16, c(2.23e-16, 0.5), 1, c(1, 1e-5), 0.001, c(0.2, 0.2), c(3e-4, 0), c(0.12, 0), c(1e-4, 0.0123)
)
words <- c("(Intercept)", "Days", "colorbrown", "colorgreen", "colorred", "factorThatIsLong", "aeiouaeiou", "strength",
           "eeeeeeeeee", "typewriter", "AEIOUXYZ", "ABCDEFGHIJ", "x1234567", "tub of water", "oooooooob", "Temperature", "dark blue sea", "one two three four", "A B", "colordark olive",
           "sixsix", "a e i o u a e i", "the area of ooze", "UPPER lower", "x y z", "Batch 12345678",
           "bcdfgh jklM", "ABCDEFGHIJ K", "ab cde", "bcdo xiz")
tables <- list(
  small = list(coef = c(8.5556, 3.8889), se = c(0.5760, 0.5187), df = c(15.5298, 24)),
  zero = list(coef = c(0, 2), se = c(1, 0.5), df = c(4, 4)),
  one = list(coef = c(1, -1), se = c(0.5, 1), df = c(1, 1)),
  thousands = list(coef = c(154267.2, 46071.1), se = c(11386.4, 16103.6), df = c(5000.25, 4000)),
  hundreds = list(coef = c(1542.672, 460.711), se = c(113.864, 161.036), df = c(400.123, 400.5)),
  thousandths = list(coef = c(0.001542, 0.000461), se = c(0.000114, 0.000161), df = c(4, 4)),
  none = list(coef = c(0.1, -0.2), se = c(1, 1), df = c(10, 10)),
  single = list(coef = 200.25, se = 10.5, df = 7),
  certain = list(coef = c(1000, 1), se = c(1, 1), df = c(100, 100)),
  mixed = list(coef = c(2000, 1, -7), se = c(10, 10, 2), df = c(30, 30, 30)),
  far = list(coef = c(12345678, 0.5), se = c(100, 0.25), df = c(20, 20))
)
coefficient_table <- function(table) {
  t <- table$coef / table$se
  m <- cbind(Estimate = table$coef, `Std. Error` = table$se, df = table$df, `t value` = t,
             `Pr(>|t|)` = 2 * pt(-abs(t), table$df))
  rownames(m) <- c("(Intercept)", "x", "z")[seq_along(t)]
  list(coef = I(table$coef), se = I(table$se), df = I(table$df), printed = I(capture.output(printCoefmat(m, digits = 4))))
}
said <- function(values, print) lapply(values, function(v) list(values = I(v), printed = I(print(v))))
printing <- list(
  format_4 = said(numbers, function(v) trimws(format(v, digits = 4))),
  format_3 = said(numbers, function(v) trimws(format(v, digits = 3))),
  p_values = said(p_values, function(p) trimws(format.pval(p, digits = 3))),
  abbreviated = setNames(as.list(unname(abbreviate(words, 6))), words),
  tables = lapply(tables, coefficient_table)
)
write(toJSON(printing, auto_unbox = TRUE, digits = I(17), pretty = 1), file.path(out, "printing.json"))
