// The steps of attention: for each its matrices, its formula, and the numbers of the cell that is looked at.

const gap = `<mspace width="0.6em"/>`;
const b = (text, index) => `${text}<sub>${index}</sub>`;
const bracketed = (value) => (value < 0 ? `(${shown(value)})` : shown(value));
const products = (first, second) => {
  const terms = first.map((value, at) => `${shown(value)}×${bracketed(second[at])}`);
  return (terms.length > 6 ? [...terms.slice(0, 5), "…"] : terms).join(" + ");
};
const slice = (row, head, size) => row.slice(head * size, (head + 1) * size);
const column = (rows, at) => rows.map((row) => row[at]);

const STEPS = [
  {
    id: "project",
    formula: ({ problem }) => {
      const source = problem.context ? "Y" : "X", product = (name, from) => [mi(name), mo("="), mi(from), `<msubsup>${mi("W")}${mi(name)}${mi("⊤")}</msubsup>`];
      const latex = `Q = X W_Q^\\top,\\; K = ${source} W_K^\\top,\\; V = ${source} W_V^\\top`;
      return math(latex, ...product("Q", "X"), mo(","), gap, ...product("K", source), mo(","), gap, ...product("V", source));
    },
    matrices: ({ problem, names }) => [
      { name: "q", title: "Q", rows: names.queries, columns: names.parts },
      { name: "k", title: "K", rows: names.keys, columns: names.parts },
      { name: "v", title: "V", rows: names.keys, columns: names.values },
    ],
    numbers: ({ problem, result }, at) => {
      const own = at.side === "q", rows = own ? problem.x : problem.context ?? problem.x;
      const row = rows[own ? at.query : at.key], weights = problem[`w_${at.side}`][at.column];
      const index = (own ? at.query : at.key) + 1;
      return `${b(at.side, `${index},${at.column + 1}`)} = ${products(weights, row)} = <b>${shown(result[at.side][index - 1][at.column])}</b>`;
    },
    sources: (bench, at) => [
      { name: at.side === "q" || !bench.problem.context ? "x" : "context", row: at.side === "q" ? at.query : at.key },
      { name: `w_${at.side}`, row: at.column },
    ],
  },
  {
    id: "scores",
    formula: () => math("S = Q K^\\top", mi("S"), mo("="), mi("Q"), turned("K")),
    matrices: ({ problem, names }) => perHead(problem, "scores", "S", names),
    numbers: ({ result }, at) => {
      const query = slice(result.q[at.query], at.head, result.size), key = slice(result.k[at.key], at.head, result.size);
      return `${b("q", at.query + 1)}·${b("k", at.key + 1)} = ${products(query, key)} = <b>${shown(result.scores[at.head][at.query][at.key])}</b>`;
    },
    sources: ({ result }, at) => {
      const from = at.head * result.size, to = from + result.size;
      return [{ name: "q", row: at.query, from, to }, { name: "k", row: at.key, from, to }];
    },
  },
  {
    id: "scaled",
    formula: () => math("S / \\sqrt{d_k}", over(mi("S"), root(sub(mi("d"), mi("k"))))),
    matrices: ({ problem, names }) => perHead(problem, "scaled", "S/√d", names),
    numbers: ({ result }, at) => `${shown(result.scores[at.head][at.query][at.key])} ÷ √${result.size} = <b>${shown(result.scaled[at.head][at.query][at.key])}</b>`,
    sources: (bench, at) => [{ name: `scores-${at.head}`, row: at.query, column: at.key }],
  },
  {
    id: "mask",
    formula: () => math("s_{ij} \\to -\\infty \\text{ where } M_{ij} = 0", sub(mi("s"), mi("ij")), mo("→"), mo("−"), mi("∞"), mo(":"), sub(mi("M"), mi("ij")), mo("="), mn(0)),
    matrices: ({ names }) => [{ name: "mask", title: "M", rows: names.queries, columns: names.keys, toggles: true }],
    numbers: ({ problem, names, labels }, at) => put(labels[problem.mask[at.query][at.key] ? "mask_open" : "mask_hidden"],
      { query: escaped(names.queries[at.query]), key: escaped(names.keys[at.key]) }),
    sources: () => [],
  },
  {
    id: "weights",
    formula: () => math("A = \\mathrm{softmax}(S / (\\sqrt{d_k}\\, T))", mi("A"), mo("="), mi("softmax"), mo("("), over(mi("S"), `${root(sub(mi("d"), mi("k")))}${mi("T")}`), mo(")")),
    matrices: ({ problem, names, labels }) => perHead(problem, "weights", "A", names).map((about) => ({ ...about, extra: ["Σ", labels.entropy_short] })),
    numbers: ({ problem, result }, at) => {
      const row = result.scaled[at.head][at.query], open = problem.mask[at.query], power = (value) => `e<sup>${shown(value / problem.temperature)}</sup>`;
      if (!open[at.key]) return `<b>0</b>`;
      const all = row.filter((_, key) => open[key]).map(power);
      return `${power(row[at.key])} ÷ (${(all.length > 6 ? [...all.slice(0, 5), "…"] : all).join(" + ")}) = <b>${shown(result.weights[at.head][at.query][at.key])}</b>`;
    },
    sources: (bench, at) => [{ name: `scaled-${at.head}`, row: at.query }],
  },
  {
    id: "mixed",
    formula: () => math("H = A V", mi("H"), mo("="), mi("A"), mi("V")),
    matrices: ({ problem, result, names }) => range(problem.heads).map((head) => ({
      name: `mixed-${head}`, head, title: problem.heads > 1 ? `H${head + 1}` : "H", rows: names.queries, columns: slice(names.values, head, result.valueSize),
    })),
    numbers: ({ result }, at) => {
      const at_ = at.head * result.valueSize + (at.column % result.valueSize);
      return `${products(result.weights[at.head][at.query], column(result.v, at_))} = <b>${shown(result.joined[at.query][at_])}</b>`;
    },
    sources: ({ result }, at) => [{ name: `weights-${at.head}`, row: at.query }, { name: "v", column: at.head * result.valueSize + (at.column % result.valueSize) }],
  },
  {
    id: "joined",
    when: ({ problem }) => problem.heads > 1,
    formula: () => math("C = [H_1, H_2, \\dots]", mi("C"), mo("="), mo("["), sub(mi("H"), mn(1)), mo(","), sub(mi("H"), mn(2)), mo(","), mi("…"), mo("]")),
    matrices: ({ names }) => [{ name: "joined", title: "C", rows: names.queries, columns: names.values }],
    numbers: ({ result }, at) => {
      const head = Math.floor(at.column / result.valueSize);
      return `${b("c", `${at.query + 1},${at.column + 1}`)} = ${b(`h${head + 1}`, `${at.query + 1},${(at.column % result.valueSize) + 1}`)} = <b>${shown(result.joined[at.query][at.column])}</b>`;
    },
    sources: ({ result }, at) => [{ name: `mixed-${Math.floor(at.column / result.valueSize)}`, row: at.query, column: at.column % result.valueSize }],
  },
  {
    id: "output",
    when: ({ problem }) => problem.w_o !== null,
    formula: () => math("O = C W_O^\\top", mi("O"), mo("="), mi("C"), `<msubsup>${mi("W")}${mi("O")}${mi("⊤")}</msubsup>`),
    matrices: ({ problem, names }) => [{ name: "output", title: "O", rows: names.queries, columns: range(problem.w_o.length).map((at) => String(at + 1)) }],
    numbers: ({ problem, result }, at) => `${products(problem.w_o[at.column], result.joined[at.query])} = <b>${shown(result.output[at.query][at.column])}</b>`,
    sources: ({ problem, result }, at) => [problem.heads > 1 ? { name: "joined", row: at.query } : { name: "mixed-0", row: at.query }, { name: "w_o", row: at.column }],
  },
  {
    id: "fused",
    when: ({ problem }) => problem.gate !== null,
    formula: () => math("F = X + g\\,O", mi("F"), mo("="), mi("X"), mo("+"), mi("g"), mi("O")),
    matrices: ({ names }) => [{ name: "fused", title: "F", rows: names.queries, columns: names.features }],
    numbers: ({ problem, result }, at) => `${shown(problem.x[at.query][at.column])} + ${shown(problem.gate)}×${bracketed(result.output[at.query][at.column])} = <b>${shown(result.fused[at.query][at.column])}</b>`,
    sources: ({ problem }, at) => [{ name: "x", row: at.query, column: at.column }, { name: problem.w_o ? "output" : "mixed-0", row: at.query, column: at.column }],
  },
];

const perHead = (problem, name, title, names) => range(problem.heads).map((head) => ({
  name: `${name}-${head}`, head, title: problem.heads > 1 ? `${title} · ${names.head} ${head + 1}` : title, rows: names.queries, columns: names.keys,
}));

const escaped = (text) => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);

// The values of a matrix by its name.
function valuesOf({ problem, result }, name) {
  const [what, head] = name.split("-");
  if (what === "mixed") return result.joined.map((row) => slice(row, Number(head), result.valueSize));
  if (what === "mask") return problem.mask.map((row) => row.map(Number));
  const values = problem[name] ?? result[what];
  return head === undefined ? values : values[Number(head)];
}

// Where a cell of a matrix lies, as the place that all steps look at.
function placeOf(bench, name, row, at) {
  const [what, head] = name.split("-");
  const place = { ...bench.at };
  if (head !== undefined) place.head = Number(head);
  if (what === "q" || what === "k" || what === "v") Object.assign(place, { step: "project", side: what, [what === "q" ? "query" : "key"]: row, column: at });
  else if (["scores", "scaled", "mask", "weights"].includes(what)) Object.assign(place, { step: what, query: row, key: at });
  else if (what === "mixed") Object.assign(place, { step: what, query: row, column: at });
  else if (["joined", "output", "fused"].includes(what)) Object.assign(place, { step: what, query: row, column: at });
  else if (what === "w_o") Object.assign(place, { step: "output", column: row });
  else if (what.startsWith("w_")) Object.assign(place, { step: "project", side: what.slice(2), column: row });
  else if (what === "context") Object.assign(place, { step: "project", side: place.side === "q" ? "k" : place.side, key: row });
  else if (what === "x") Object.assign(place, { step: "project", side: "q", query: row });
  return place;
}

// Whether a place is that of a cell, for the outline.
function isAt(bench, name, row, column) {
  const { at } = bench, [what, head] = name.split("-");
  if (head !== undefined && Number(head) !== at.head) return false;
  if (["scores", "scaled", "mask", "weights"].includes(what)) return row === at.query && column === at.key;
  if (at.step === "project") return what === at.side && row === (what === "q" ? at.query : at.key) && column === at.column;
  return what === at.step && row === at.query && column === at.column;
}
