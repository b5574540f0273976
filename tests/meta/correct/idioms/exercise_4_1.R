# Exercise 4.1 in R, each function in ten ways. What follows two underscores names the way.

simulate_frogs__chapter <- function(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed) {
  set.seed(seed)
  bucket <- as.factor(rep(1:n_buckets, each = n_within))
  color <- factor(rep(colors, each = n_within * n_buckets / length(colors)))
  id <- factor(rep(1:n_within, length.out = n_within * n_buckets))
  dat <- data.frame(id, bucket, color)
  bucket_mu <- rnorm(n_buckets, mean = mu, sd = sigma_bucket)
  dat$bucket_mu <- bucket_mu[dat$bucket]
  X <- model.matrix(~ bucket - 1, data = dat)
  dat$weight <- X %*% bucket_mu + rnorm(nrow(X), mean = 0, sd = sigma_within)
  dat
}

simulate_frogs__expand_grid <- function(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed) {
  set.seed(seed)
  d <- expand.grid(id = 1:n_within, bucket = 1:n_buckets)
  d$color <- rep(colors, each = n_buckets / length(colors))[d$bucket]
  d$bucket_mu <- (mu + sigma_bucket * rnorm(n_buckets))[d$bucket]
  d$weight <- rnorm(nrow(d), d$bucket_mu, sigma_within)
  d
}

simulate_frogs__loop <- function(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed) {
  set.seed(seed)
  d <- NULL
  for (b in seq_len(n_buckets)) {
    m <- rnorm(1, mu, sigma_bucket)
    w <- rnorm(n_within, m, sigma_within)
    color <- colors[ceiling(b * length(colors) / n_buckets)]
    d <- rbind(d, data.frame(id = seq_len(n_within), bucket = b, color = color, bucket_mu = m, weight = w))
  }
  d
}

simulate_frogs__do_call <- function(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed) {
  set.seed(seed)
  means <- rnorm(n_buckets, mu, sigma_bucket)
  one <- function(b) {
    data.frame(id = 1:n_within, bucket = b, color = colors[(b - 1) %/% (n_buckets / length(colors)) + 1],
               bucket_mu = means[b], weight = means[b] + rnorm(n_within, 0, sigma_within))
  }
  do.call(rbind, lapply(1:n_buckets, one))
}

simulate_frogs__matrix <- function(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed) {
  set.seed(seed, kind = "Mersenne-Twister", normal.kind = "Inversion")
  means <- rnorm(n_buckets, mu, sigma_bucket)
  w <- matrix(rnorm(n_buckets * n_within, sd = sigma_within), n_within) + rep(means, each = n_within)
  list(id = c(row(w)), bucket = c(col(w)), color = rep(colors, each = length(w) / length(colors)),
       bucket_mu = means[col(w)], weight = c(w))
}

simulate_frogs__merge <- function(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed) {
  set.seed(seed)
  buckets <- data.frame(bucket = 1:n_buckets, color = rep(colors, each = n_buckets / length(colors)),
                        bucket_mu = rnorm(n_buckets, mu, sigma_bucket))
  d <- merge(buckets, data.frame(id = 1:n_within))
  d <- d[order(d$bucket, d$id), ]
  transform(d, weight = bucket_mu + rnorm(nrow(d)) * sigma_within)
}

simulate_frogs__with_cut <- function(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed) {
  set.seed(seed)
  bucket <- gl(n_buckets, n_within)
  color <- gl(length(colors), n_buckets * n_within / length(colors), labels = colors)
  effect <- sigma_bucket * scale(rnorm(n_buckets), center = FALSE, scale = FALSE)[, 1]
  bucket_mu <- mu + effect[as.integer(bucket)]
  data.frame(id = ave(seq_along(bucket), bucket, FUN = seq_along), bucket, color, bucket_mu,
             weight = bucket_mu + rnorm(length(bucket), sd = sigma_within))
}

simulate_frogs__quantiles <- function(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed) {
  set.seed(seed)
  b <- rep(seq_len(n_buckets), rep(n_within, n_buckets))
  bucket_mu <- qnorm(runif(n_buckets)) * sigma_bucket + mu
  weight <- bucket_mu[b] + qnorm(runif(length(b))) * sigma_within
  data.frame(id = sequence(rep(n_within, n_buckets)), bucket = paste(b),
             color = colors[ceiling(b / n_buckets * length(colors) - 1e-9)], bucket_mu = bucket_mu[b], weight)
}

simulate_frogs__outer <- function(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed) {
  set.seed(seed)
  means <- replicate(n_buckets, rnorm(1, mu, sigma_bucket))
  weight <- as.vector(vapply(means, function(m) rnorm(n_within, m, sigma_within), numeric(n_within)))
  bucket <- as.vector(outer(rep(1, n_within), seq_len(n_buckets)))
  data.frame(id = rep(seq_len(n_within), n_buckets), bucket = factor(bucket),
             color = factor(rep(colors, each = length(weight) / length(colors)), levels = colors),
             bucket_mu = means[bucket], weight)
}

simulate_frogs__mapply <- function(n_buckets, n_within, colors, mu, sigma_bucket, sigma_within, seed) {
  set.seed(seed)
  means <- mu + rnorm(n_buckets, 0, sigma_bucket)
  color <- unlist(lapply(colors, rep, times = n_buckets / length(colors)))
  parts <- mapply(function(b, m, k) {
    cbind.data.frame(id = 1:n_within, bucket = b, color = k, bucket_mu = m, weight = m + sigma_within * rnorm(n_within))
  }, seq_len(n_buckets), means, color, SIMPLIFY = FALSE)
  Reduce(rbind, parts)
}

buckets_per_color__chapter <- function(data) {
  colSums(with(data, table(bucket, color)) > 0)
}

buckets_per_color__tapply <- function(data) tapply(data$bucket, data$color, function(b) length(unique(b)))

buckets_per_color__unique <- function(data) table(unique(data[c("bucket", "color")])$color)

buckets_per_color__aggregate <- function(data) {
  counted <- aggregate(bucket ~ color, data, function(b) length(unique(b)))
  setNames(counted$bucket, counted$color)
}

buckets_per_color__split <- function(data) sapply(split(data$bucket, data$color), function(b) nlevels(droplevels(b)))

buckets_per_color__loop <- function(data) {
  counts <- list()
  for (k in unique(as.character(data$color))) counts[[k]] <- length(unique(data$bucket[data$color == k]))
  counts
}

buckets_per_color__duplicated <- function(data) {
  first <- data[!duplicated(paste(data$bucket, data$color)), ]
  unlist(lapply(split(first, first$color), nrow))
}

buckets_per_color__rowsum <- function(data) {
  one <- !duplicated(data$bucket)
  found <- rowsum(as.numeric(one), data$color)
  setNames(found[, 1], rownames(found))
}

buckets_per_color__apply <- function(data) apply(table(data$color, data$bucket), 1, function(row) sum(row != 0))

buckets_per_color__xtabs <- function(data) {
  tab <- xtabs(~ color + bucket, data)
  as.list(rowSums(ifelse(tab > 0, 1, 0)))
}

denominator_df__lengths <- function(data) length(unique(data$bucket)) - length(unique(data$color))
denominator_df__levels <- function(data) nlevels(droplevels(data$bucket)) - nlevels(droplevels(data$color))
denominator_df__table <- function(data) sum(table(data$bucket) > 0) - sum(table(data$color) > 0)
denominator_df__per_color <- function(data) sum(tapply(data$bucket, data$color, function(b) length(unique(b)) - 1))
denominator_df__rank <- function(data) {
  qr(model.matrix(~ bucket, data))$rank - qr(outer(data$color, unique(data$color), "=="))$rank
}
denominator_df__rows <- function(data) nrow(unique(data["bucket"])) - nrow(unique(data["color"]))
denominator_df__duplicated <- function(data) sum(!duplicated(data$bucket)) - sum(!duplicated(data$color))
denominator_df__split <- function(data) length(split(data, data$bucket)) - length(split(data, data$color))
denominator_df__aov <- function(data) {
  means <- aggregate(weight ~ bucket + color, data, mean)
  nrow(means) - length(unique(means$color))
}
denominator_df__tabulate <- function(data) {
  used <- function(f) sum(tabulate(f) > 0)
  used(data$bucket) - used(data$color)
}
