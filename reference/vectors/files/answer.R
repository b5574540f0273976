# Rscript answer.R DIR answers.json: lme4's and lmerTest's answers to the vectors in DIR, by their formulas. Needs jsonlite.
suppressPackageStartupMessages({ library(jsonlite); library(lmerTest) })

paths <- commandArgs(trailingOnly = TRUE)
answers <- list()
say <- function(id, quantity, values)
  for (i in seq_along(values)) {
    value <- if (is.character(values[i])) values[i] else if (is.finite(values[i])) sprintf("%.17g", values[i]) else "NaN"
    answers[[length(answers) + 1]] <<- list(id = id, quantity = quantity, index = i, value = value)
  }

# A column is a factor where the vector says so, else numbers.
table_of <- function(vector) {
  cells <- lapply(names(vector$data), function(name) {
    column <- unlist(vector$data[[name]])
    if (name %in% unlist(vector$factors)) factor(column, sort(unique(column), method = "radix")) else as.numeric(column)
  })
  as.data.frame(setNames(cells, names(vector$data)))
}

answer <- function(vector) {
  fit <- lmer(as.formula(vector$formula), table_of(vector), REML = vector$method == "REML")
  if (length(fixef(fit)) < length(vector$coefficients)) stop("X is rank deficient")
  groups <- sub(".* \\| (.*)\\)", "\\1", regmatches(vector$formula, gregexpr("\\([^)]*\\)", vector$formula))[[1]])
  lower <- function(G) t(G)[upper.tri(G, diag = TRUE)]  # row by row
  say(vector$id, "variances", unlist(lapply(groups, function(g) lower(VarCorr(fit)[[g]]))))
  say(vector$id, "Ve", sigma(fit)^2)
  row <- coef(summary(fit))
  say(vector$id, "coef", unname(row[, "Estimate"]))
  say(vector$id, "se", unname(row[, "Std. Error"]))
  say(vector$id, "criterion", unname(if (isREML(fit)) REMLcrit(fit) else deviance(fit)))
  if (isREML(fit)) {
    say(vector$id, "df", unname(row[, "df"]))
    say(vector$id, "t", unname(row[, "t value"]))
    say(vector$id, "p", unname(row[, "Pr(>|t|)"]))
  }
}

for (path in Sys.glob(file.path(paths[1], "*.json"))) {
  for (vector in fromJSON(path, simplifyVector = FALSE)$vectors)
    tryCatch(suppressMessages(suppressWarnings(answer(vector))),
             error = function(e) say(vector$id, "refuse", conditionMessage(e)))
}
program <- paste0("lme4 ", packageVersion("lme4"), ", lmerTest ", packageVersion("lmerTest"))
writeLines(toJSON(list(program = program, answers = answers), auto_unbox = TRUE), paths[2])
