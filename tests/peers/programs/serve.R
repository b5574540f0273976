# Rscript serve.R peer.R: the functions of a peer file in R answer lines of JSON, without Python beside. Needs jsonlite.
# A line is {"id": 7, "function": "gls", "arguments": {...}}; the answer {"id": 7, "result": ...} or {"id": 7, "error": "..."}.
suppressPackageStartupMessages(library(jsonlite))

peer <- new.env()
invisible(capture.output(sys.source(commandArgs(trailingOnly = TRUE)[1], peer)))  # what it prints is no answer

NUMBERS <- c("denominator_df", "frog_correlation", "satterthwaite_df", "mixed_df")  # whose names, if any, say nothing

arguments <- function(given) {
  if (!is.null(given$data)) given$data <- as.data.frame(given$data)
  given
}

answer <- function(question) {
  if (!exists(question$`function`, peer, inherits = FALSE)) stop("not offered")
  result <- do.call(peer[[question$`function`]], unname(arguments(question$arguments)))
  if (question$`function` %in% NUMBERS) unname(result) else if (is.matrix(result)) result else as.list(result)
}

# What a package prints is no answer, either: it goes to stderr.
questions <- file("stdin", "r")
while (length(line <- readLines(questions, 1))) {
  question <- fromJSON(line, simplifyDataFrame = FALSE)
  sink(stderr())
  said <- tryCatch(list(result = answer(question)), error = function(e) list(error = unbox(conditionMessage(e))))
  sink()
  cat(toJSON(c(list(id = unbox(question$id)), said), digits = I(15), na = "null", null = "null"), "\n", sep = "")
  flush(stdout())
}
