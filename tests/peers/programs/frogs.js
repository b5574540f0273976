// The functions before fit_reml, by hand: a program in a language that the suite knows nothing of.
// node frogs.js reads {"id": 7, "function": "gls", "arguments": {...}} and writes {"id": 7, "result": {...}}, a line each.
"use strict";

const transpose = (A) => A[0].map((_, j) => A.map((row) => row[j]));
const times = (A, B) => A.map((row) => B[0].map((_, j) => row.reduce((sum, a, k) => sum + a * B[k][j], 0)));
const column = (y) => y.map((value) => [value]);
const mean = (y) => y.reduce((sum, value) => sum + value, 0) / y.length;
const variance = (y) => { const m = mean(y); return y.reduce((sum, v) => sum + (v - m) ** 2, 0) / (y.length - 1); };
const text = (label) => String(label);

// A B = C for B, by elimination with the largest pivot.
function solve(A, C) {
  const n = A.length, M = A.map((row, i) => [...row, ...C[i]]);
  for (let k = 0; k < n; k++) {
    const best = M.map((row, i) => [i < k ? -1 : Math.abs(row[k]), i]).reduce((a, b) => (b[0] > a[0] ? b : a))[1];
    [M[k], M[best]] = [M[best], M[k]];
    if (M[k][k] === 0) throw new Error("the matrix is singular");
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = M[i][k] / M[k][k];
      for (let j = k; j < M[i].length; j++) M[i][j] -= factor * M[k][j];
    }
  }
  return M.map((row, i) => row.slice(n).map((value) => value / row[i]));
}

const inverse = (A) => solve(A, A.map((_, i) => A.map((_, j) => Number(i === j))));

// Levels in the order in which numbers, or texts by their code, come.
function levels(labels) {
  const distinct = [...new Set(labels)];
  return distinct.sort((a, b) => (typeof a === "number" && typeof b === "number" ? a - b : text(a) < text(b) ? -1 : 1));
}

function groups(data) {
  const found = new Map();
  data.bucket.forEach((bucket, i) => found.set(text(bucket), [...(found.get(text(bucket)) ?? []), i]));
  return [...found.values()];
}

function gls(X, y, V) {
  const WX = solve(V, X), C = inverse(times(transpose(X), WX));
  return { coef: times(C, times(transpose(WX), column(y))).map((row) => row[0]), se: C.map((row, j) => Math.sqrt(row[j])) };
}

function ols(X, y) {
  const C = inverse(times(transpose(X), X)), coef = times(C, times(transpose(X), column(y)));
  const residual = times(X, coef).map((row, i) => y[i] - row[0]), df_resid = X.length - X[0].length;
  const sigma2 = residual.reduce((sum, r) => sum + r * r, 0) / df_resid;
  return { coef: coef.map((row) => row[0]), se: C.map((row, j) => Math.sqrt(sigma2 * row[j])), sigma2, df_resid };
}

const moments = (Vb, Ve) => ({ Vb, Ve, Vbe: Vb + Ve, rho: Vb / (Vb + Ve) });

const FUNCTIONS = {
  buckets_per_color({ data }) {
    const found = {};
    groups(data).forEach(([i]) => { found[text(data.color[i])] = (found[text(data.color[i])] ?? 0) + 1; });
    return found;
  },
  denominator_df: ({ data }) => groups(data).length - levels(data.color).length,
  model_variances: ({ sigma_bucket, sigma_within }) => moments(sigma_bucket ** 2, sigma_within ** 2),
  empirical_variances({ data }) {
    const Ve = mean(groups(data).map((rows) => variance(rows.map((i) => data.weight[i]))));
    return moments(variance(data.weight) - Ve, Ve);
  },
  design_matrix({ labels, intercept }) {
    return labels.map((label) => levels(labels).map((level, j) => Number(intercept && j === 0 ? 1 : label === level)));
  },
  covariance_matrix({ group, Vb, Ve }) {
    return group.map((a, i) => group.map((b, j) => (a === b ? Vb : 0) + (i === j ? Ve : 0)));
  },
  gls: ({ X, y, V }) => gls(X, y, V),
  ols: ({ X, y }) => ols(X, y),
};

require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, function: name, arguments: given } = JSON.parse(line);
  let answer;
  try {
    answer = FUNCTIONS[name] ? { id, result: FUNCTIONS[name](given) } : { id, error: "not offered" };
  } catch (error) {
    answer = { id, error: error.message };
  }
  console.log(JSON.stringify(answer));
});
