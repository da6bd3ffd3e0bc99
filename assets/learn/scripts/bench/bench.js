// The bench: matrices to edit, and every step of attention that follows from them, without the server.

const benches = new WeakMap();
const memory = { problems: {} }; // what was edited survives a change of page

function newBench(root) {
  const bench = { root, find: (id) => root.querySelector(`#${id}`), at: { step: "scores", side: "q", query: 0, key: 0, head: 0, column: 0 } };

  bench.compute = () => {
    const began = performance.now();
    bench.result = attend(bench.problem);
    paintAll(bench);
    bench.find("bench").dataset.ms = (performance.now() - began).toFixed(2);
  };
  bench.edit = (name, row, column, value) => {
    bench.problem[name][row][column] = value;
    bench.compute();
  };
  bench.look = (matrix, row, column) => {
    bench.at = placeOf(bench, matrix.name, row, column);
    showPlace(bench);
  };
  return bench;
}

function namesOf(bench) {
  const { problem, labels, preset } = bench, list = (name) => (labels[`tokens_${preset}_${name}`] ?? "").split(",").map((item) => item.trim()).filter(Boolean);
  const numbered = (count) => range(count).map((at) => String(at + 1));
  const queries = list("x"), keys = problem.context ? list("context") : queries, features = list("features");
  const fit = (names, count) => (names.length >= count ? names.slice(0, count) : numbered(count));
  return {
    queries: fit(queries, problem.x.length), keys: fit(keys, (problem.context ?? problem.x).length), features: fit(features, problem.x[0].length),
    parts: numbered(problem.w_q.length), values: numbered(problem.w_v.length), head: labels.head,
  };
}

function build(bench) {
  const { problem, labels } = bench;
  bench.names = namesOf(bench);
  bench.result = attend(problem);
  bench.matrices = {};
  const { names } = bench, look = bench.look;
  const editable = (name, title, rows, columns) => {
    const edit = (row, column, value) => bench.edit(name, row, column, value);
    return matrixOf(bench, { name, title, rows, columns, edit, label: `${title}: ${labels[`input_${name}`]}` }, look);
  };
  const inputs = [editable("x", "X", names.queries, names.features)];
  if (problem.context) inputs.push(editable("context", "Y", names.keys, names.features));
  for (const side of ["q", "k", "v"]) inputs.push(editable(`w_${side}`, `W_${side.toUpperCase()}`, side === "v" ? names.values : names.parts, names.features));
  if (problem.w_o) inputs.push(editable("w_o", "W_O", range(problem.w_o.length).map((at) => String(at + 1)), names.values));
  bench.find("inputs").replaceChildren(make("h3", {}, labels.inputs), make("p", {}, labels.inputs_help), ...inputs);
  const steps = STEPS.filter((step) => !step.when || step.when(bench));
  bench.cards = steps.map((step, index) => card(bench, step, index + 1));
  bench.find("steps").replaceChildren(...bench.cards.map((item) => item.element));
  paintAll(bench);
}

function matrixOf(bench, about, look) {
  const matrix = new Matrix(about, look);
  bench.matrices[about.name] = matrix;
  return matrix.figure;
}

function card(bench, step, index) {
  const { labels } = bench, matrices = step.matrices(bench);
  const figures = matrices.map((about) => matrixOf(bench, {
    ...about, label: `${labels[`step_${step.id}`]}: ${about.title}`,
    toggle: about.toggles ? (row, column) => toggleMask(bench, row, column) : undefined,
  }, bench.look));
  const anchor = make("a", { className: "anchor", href: `?part=bench&preset=${bench.preset}&step=${step.id}`, "aria-label": `${labels.link_to_step}: ${labels[`step_${step.id}`]}` }, "#");
  anchor.addEventListener("click", (event) => { event.preventDefault(); putInAddress({ part: "bench", preset: bench.preset, step: step.id }); bench.at.step = step.id; showPlace(bench); });
  const formula = make("div", { className: "formula" }), numbers = make("p", { className: "numbers" });
  formula.innerHTML = step.formula(bench);
  const shapes = matrices[0].rows.length + "×" + matrices[0].columns.length;
  const heading = make("header", {}, make("span", { className: "index", "aria-hidden": "true" }, String(index)), make("h3", {}, labels[`step_${step.id}`]), anchor,
    make("span", { className: "shape" }, shapeOf(bench, step.id) ?? shapes));
  const element = make("section", { className: "step", id: `step-${step.id}` }, heading, formula,
    make("div", { className: "grids" }, ...figures), numbers, make("p", { className: "what" }, labels[`about_${step.id}`]));
  return { step, element, numbers };
}

// The shapes that are multiplied, and what comes out.
function shapeOf({ problem, result }, id) {
  const [n, m, d] = [problem.x.length, (problem.context ?? problem.x).length, problem.x[0].length], by = (a, c) => `${a}×${c}`;
  const head = problem.heads > 1 ? `${problem.heads} × (` : "", end = head && ")";
  return {
    project: `${by(n, d)} · ${by(d, problem.w_q.length)} → ${by(n, problem.w_q.length)}`,
    scores: `${head}${by(n, result.size)} · ${by(result.size, m)} → ${by(n, m)}${end}`,
    mixed: `${head}${by(n, m)} · ${by(m, result.valueSize)} → ${by(n, result.valueSize)}${end}`,
    output: problem.w_o && `${by(n, problem.w_v.length)} · ${by(problem.w_v.length, problem.w_o.length)} → ${by(n, problem.w_o.length)}`,
  }[id];
}

function paintAll(bench) {
  const { matrices, problem, result } = bench;
  for (const [name, matrix] of Object.entries(matrices)) {
    const values = valuesOf(bench, name), what = name.split("-")[0];
    if (what === "mask") matrix.paint(values, 2, (value) => (value ? "✓" : "✗"));
    else matrix.paint(values, what === "weights" ? 1 : largest(values));
    if (what === "weights") matrix.paintMore(values.map((row) => [sum(row).toFixed(2), entropy(row).toFixed(2)]));
    if (what === "weights" || what === "scaled" || what === "mask") matrix.mark("hidden-key", (row, column) => !problem.mask[row][column]);
  }
  showPlace(bench);
  showNote(bench);
  showTask(bench);
}

function showPlace(bench) {
  const { at, problem, result } = bench;
  const clip = (value, count) => Math.max(0, Math.min(value, count - 1));
  Object.assign(at, { query: clip(at.query, problem.x.length), key: clip(at.key, (problem.context ?? problem.x).length), head: clip(at.head, problem.heads) });
  for (const { step, element, numbers } of bench.cards) {
    const columns = { project: at.side === "v" ? problem.w_v.length : problem.w_q.length, mixed: problem.w_v.length, joined: problem.w_v.length, output: problem.w_o?.length, fused: problem.x[0].length }[step.id];
    const place = { ...at, column: clip(at.column, columns ?? Infinity) };
    numbers.innerHTML = step.numbers(bench, place);
    element.classList.toggle("current", step.id === at.step);
    if (step.id === at.step) bench.sources = step.sources(bench, place);
  }
  for (const matrix of Object.values(bench.matrices)) {
    const sources = (bench.sources ?? []).filter((source) => source.name === matrix.name);
    matrix.mark("source", (row, column) => sources.some((source) =>
      (source.row === undefined || source.row === row) && (source.column === undefined || source.column === column) && column >= (source.from ?? 0) && column < (source.to ?? Infinity)));
    matrix.mark("at", (row, column) => isAt(bench, matrix.name, row, column));
  }
}

// The textbook's own slips, and the checks that find them, on the numbers at hand.
function showNote(bench) {
  const { problem, result, labels } = bench, note = bench.find("note");
  note.hidden = bench.preset !== "textbook";
  if (note.hidden) return;
  const [n, d, k] = [problem.x.length, problem.x[0].length, problem.w_q.length], sums = result.weights[0].map((row) => shown(Math.round(1e9 * sum(row)) / 1e9)).join(", ");
  const values = { n, d, k, size: result.size, root: shown(Math.sqrt(result.size)), wrong: shown(Math.sqrt(d)), sums };
  note.replaceChildren(make("h3", {}, labels.note_title), make("p", {}, labels.note_about),
    make("ul", {}, ...["shapes", "scale", "sums"].map((item) => make("li", {}, "✓ ", put(labels[`note_${item}`], values)))));
}

function receive(bench, data) {
  const first = !bench.labels;
  Object.assign(bench, { labels: data.labels, presets: data.presets, task: data.task });
  if (bench.turn !== data.turn) {
    bench.turn = data.turn;
    bench.done = data.done;
    choosePreset(bench, data.preset, data.turn);
  } else {
    bench.done ||= data.done;
    if (bench.language !== data.language) choosePreset(bench, bench.preset);
    else if (bench.presets[bench.preset].problem) showTask(bench);
  }
  bench.language = data.language;
  if (data.step && first) {
    bench.at.step = data.step;
    showPlace(bench);
    bench.find(`step-${data.step}`)?.scrollIntoView({ block: "center" });
  }
}

export default function mountBench(component) {
  const { data, parentElement: root, setStateValue } = component;
  const bench = benches.get(root) ?? newBench(root);
  benches.set(root, bench);
  bench.tell = setStateValue;
  try {
    receive(bench, data);
    restoreLessons(bench, data.task);
  } catch (error) {
    console.error(error);
    bench.find("trouble").textContent = data.labels.trouble;
    bench.find("trouble").hidden = false;
  }
  return () => benches.delete(root);
}
