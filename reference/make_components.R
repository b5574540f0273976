# Writes data/*.csv and components.json: the second level's data, fitted by lme4 and lmerTest, tightly, from three starts.
# Rscript reference/make_components.R FOLDER
# Penicillin, Pastes: Davies and Goldsmith (1972), Statistical Methods in Research and Production, tables 6.6 and 6.5.
# Oats: Yates (1935), Journal of the Royal Statistical Society Supplement 2, 181-247. Machines: Milliken and Johnson
# (1992), Analysis of Messy Data, p. 285. ponds: drawn here.
suppressPackageStartupMessages({ library(lmerTest); library(jsonlite) })
folder <- commandArgs(trailingOnly = TRUE)[1]

set.seed(22)
pond <- rep(1:6, times = c(9, 14, 7, 12, 5, 10))
bucket <- paste0(pond, ".", unlist(lapply(table(pond), function(n) sort(sample(1:3, n, replace = TRUE)))))
ponds <- data.frame(pond = paste0("p", pond), bucket = paste0("b", bucket), depth = round(rnorm(length(pond)), 2))
ponds$weight <- round(60 + 6 * rnorm(6)[pond] + 4 * rnorm(18)[as.integer(factor(bucket))] + 2 * ponds$depth +
                        3 * rnorm(length(pond)), 2)
oats <- as.data.frame(nlme::Oats)
machines <- as.data.frame(nlme::Machines)
sets <- list(
  penicillin = list(data = lme4::Penicillin[c("plate", "sample", "diameter")], y = "diameter", fixed = "1",
                    groups = c("plate", "sample")),
  pastes = list(data = lme4::Pastes[c("batch", "sample", "strength")], y = "strength", fixed = "1",
                groups = c("batch", "sample")),
  oats = list(data = data.frame(block = oats$Block, plot = paste(oats$Block, oats$Variety), variety = oats$Variety,
                                nitrogen = paste0("n", oats$nitro), yield = oats$yield),
              y = "yield", fixed = "variety + nitrogen", groups = c("block", "plot")),
  machines = list(data = data.frame(worker = machines$Worker, pair = paste(machines$Worker, machines$Machine),
                                    machine = machines$Machine, score = machines$score),
                  y = "score", fixed = "machine", groups = c("worker", "pair")),
  ponds = list(data = ponds, y = "weight", fixed = "depth", groups = c("pond", "bucket")))

fitted <- function(set) {
  data <- set$data
  for (name in names(data)) if (name != set$y && name != "depth") data[[name]] <- factor(as.character(data[[name]]))
  formula <- as.formula(paste(set$y, "~", set$fixed, "+", paste0("(1 | ", set$groups, ")", collapse = " + ")))
  control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12, maxfun = 1e5), calc.derivs = FALSE)
  fits <- lapply(c(0.3, 1, 3), function(start) lmer(formula, data, control = control, start = rep(start, 2)))
  fit <- fits[[which.min(sapply(fits, REMLcrit))]]
  v <- as.data.frame(VarCorr(fit))
  list(response = set$y, fixed = set$fixed, groups = set$groups, criterion = REMLcrit(fit),
       V = v$vcov[match(set$groups, v$grp)], Ve = v$vcov[v$grp == "Residual"], coef = unname(fixef(fit)),
       se = unname(sqrt(diag(as.matrix(vcov(fit))))), df = unname(coef(summary(fit))[, "df"]))
}
for (name in names(sets)) write.csv(sets[[name]]$data, file.path(folder, "data", paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
written <- c(list(schema = 1, r_version = R.version.string, lme4 = as.character(packageVersion("lme4")),
                  lmerTest = as.character(packageVersion("lmerTest"))), list(fits = lapply(sets, fitted)))
write_json(written, file.path(folder, "components.json"), digits = 15, auto_unbox = TRUE, pretty = TRUE)
