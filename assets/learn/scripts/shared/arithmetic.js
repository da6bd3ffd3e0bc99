// Attention on small matrices, number by number as vtviz/mechanism/attention.py does it. Rows are tokens.

const sum = (numbers) => numbers.reduce((total, value) => total + value, 0);
const dot = (a, b) => { let total = 0; for (let at = 0; at < a.length; at++) total += a[at] * b[at]; return total; };
const times = (rows, weights) => rows.map((row) => weights.map((weight) => dot(row, weight))); // X Wᵀ
const range = (count) => Array.from({ length: count }, (_, at) => at);

function softmax(scores, allowed) {
  const shown = scores.map((score, at) => (allowed && !allowed[at] ? -Infinity : score));
  const top = Math.max(...shown), powers = shown.map((score) => Math.exp(score - top)), total = sum(powers);
  return powers.map((power) => power / total);
}

// Over the log of the number of keys: 1 is spread evenly, 0 is all on one key.
const entropy = (weights) => weights.length > 1
  ? -sum(weights.map((weight) => (weight > 0 ? weight * Math.log(weight) : 0))) / Math.log(weights.length) : 0;

function attend(problem) {
  const { x, context, w_q, w_k, w_v, w_o, heads, mask, temperature, gate } = problem, source = context ?? x;
  const q = times(x, w_q), k = times(source, w_k), v = times(source, w_v);
  const size = w_q.length / heads, valueSize = w_v.length / heads;
  const part = (row, head, width) => row.slice(head * width, (head + 1) * width);
  const scores = range(heads).map((head) =>
    q.map((query) => k.map((key) => dot(part(query, head, size), part(key, head, size)))));
  const scaled = scores.map((rows) => rows.map((row) => row.map((score) => score / Math.sqrt(size))));
  const weights = scaled.map((rows) => rows.map((row, at) => softmax(row.map((score) => score / temperature), mask[at])));
  const joined = x.map((_, at) => range(w_v.length).map((column) =>
    sum(v.map((value, key) => weights[Math.floor(column / valueSize)][at][key] * value[column]))));
  const output = w_o ? times(joined, w_o) : joined;
  const fused = gate === null ? null : x.map((row, at) => row.map((value, column) => value + gate * output[at][column]));
  return { q, k, v, scores, scaled, weights, joined, output, fused, size, valueSize };
}

const causal = (queries, keys) => range(queries).map((query) => range(keys).map((key) => key <= query));
const everywhere = (queries, keys) => range(queries).map(() => range(keys).map(() => true));

// What a preset or a person wrote as a full problem of its own, which may be edited.
function problemOf(preset) {
  const given = structuredClone(preset.problem), keys = (given.context ?? given.x).length;
  const mask = given.mask === "causal" ? causal(given.x.length, keys) : given.mask ?? everywhere(given.x.length, keys);
  return { context: null, w_o: null, heads: 1, temperature: 1, gate: preset.gate ?? null, ...given, mask };
}

// Numbers as they are shown: up to three decimals, all three where more follow; fewer where the number is large.
function shown(value) {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value), decimals = size < 10 ? 3 : size < 100 ? 2 : size < 1000 ? 1 : 0;
  let text = size >= 1e5 ? value.toExponential(2) : value.toFixed(decimals);
  if (decimals && Math.abs(Number(text) - value) < 1e-12 * Math.max(1, size)) text = String(Number(text));
  return (Number(text) === 0 && text.startsWith("-") ? text.slice(1) : text).replace("-", "−");
}
