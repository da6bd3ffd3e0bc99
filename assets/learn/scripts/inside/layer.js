// The steps beside the photo, from the query to the gate, and the walk through them.

function buildWalk(view) {
  const { labels } = view;
  view.strips = Object.fromEntries(["q", "k", "product", "mixed", "attended", "gate", "added"].map((name) => [name, strip(labels[`strip_${name}`])]));
  const { strips } = view, lines = (...names) => names.map((name) => strips[name].element);
  view.said = Object.fromEntries(WALK.map((step) => [step, make("p")]));
  view.top = make("table", { className: "top" });
  const formulas = {
    query: math("q = W_Q x", mi("q"), mo("="), sub(mi("W"), mi("Q")), mi("x")), keys: math("q \\cdot k = \\sum_i q_i k_i", mi("q"), mo("·"), mi("k"), mo("="), sub(mo("∑"), mi("i")), sub(mi("q"), mi("i")), sub(mi("k"), mi("i"))),
    scores: math("q K^\\top", mi("q"), turned("K")), scaled: math("q K^\\top / \\sqrt{d_k}", mi("q"), turned("K"), mo("/"), root_(view)),
    weights: math("a = \\mathrm{softmax}(q K^\\top / \\sqrt{d_k})", mi("a"), mo("="), mi("softmax"), mo("("), mi("q"), turned("K"), mo("/"), root_(view), mo(")")),
    sum: math("\\sum_j a_j v_j", sub(mo("∑"), mi("j")), sub(mi("a"), mi("j")), sub(mi("v"), mi("j"))),
    gate: math("x + \\sigma(g) \\odot W_O [h_1 \\dots h_8]", mi("x"), mo("+"), mi("σ"), mo("("), mi("g"), mo(")"), mo("⊙"), sub(mi("W"), mi("O")), mo("["), sub(mi("h"), mn(1)), mi("…"), sub(mi("h"), mn(view.data.heads)), mo("]")),
  };
  const inside = { query: lines("q"), keys: lines("k", "product"), weights: [view.top], sum: lines("mixed"), gate: lines("attended", "gate", "added") };
  view.items = Object.fromEntries(WALK.map((step, index) => {
    const formula = make("span", { className: "formula" });
    formula.innerHTML = formulas[step];
    const button = make("button", { type: "button", className: "index", "aria-label": labels[`inside_${step}`] }, String(index + 1));
    button.addEventListener("click", () => { chooseStep(view, step); if (!view.data.task) putInAddress({ step }); });
    const item = make("li", { id: `walk-${step}` }, button, make("div", { className: "head-line" }, make("h3", {}, labels[`inside_${step}`]), formula),
      make("div", { className: "content" }, ...(inside[step] ?? []), view.said[step]));
    item.addEventListener("pointerenter", () => { if (!view.playing && view.reached === null) chooseStep(view, step); });
    return [step, item];
  }));
  view.find("walk").replaceChildren(...Object.values(view.items));
}

const root_ = (view) => root(mn(view.data.size));

function chooseStep(view, step) {
  view.step = step;
  view.draw();
}

function showWalk(view) {
  const { data, steps, strips, said, labels, query, keyPlace } = view, key = unitAt(data, "key", keyPlace), names = { query: nameOf(view, query), key: nameOf(view, key) };
  const k = rowOf(data.arrays.key, view.head, keyPlace), product = steps.q.map((value, at) => value * k[at]);
  const length = (numbers) => `|·| ${norm(numbers).toFixed(2)}`;
  strips.q.paint(steps.q, data.diverging, length(steps.q), put(labels.strip_about, { what: names.query, count: data.size }));
  strips.k.paint(k, data.diverging, length(k), put(labels.strip_about, { what: names.key, count: data.size }));
  strips.product.paint(product, data.diverging, `Σ ${shown(steps.scores[keyPlace])}`, labels.strip_product);
  said.query.textContent = put(labels.inside_query_said, { ...names, size: data.size, head: view.head + 1 });
  said.keys.textContent = `${put(labels.inside_keys_said, names)} ${[0, 1, 2].map((at) => `${steps.q[at].toFixed(2)}×${k[at] < 0 ? `(${k[at].toFixed(2)})` : k[at].toFixed(2)}`).join(" + ").replaceAll("-", "−")} + … = ${shown(steps.scores[keyPlace])}`;
  const [low, high] = [Math.min(...steps.scores), Math.max(...steps.scores)];
  said.scores.textContent = put(labels.inside_scores_said, { count: steps.scores.length, low: shown(low), high: shown(high) });
  const root_d = Math.sqrt(data.size);
  said.scaled.textContent = put(labels.inside_scaled_said, { ...names, score: shown(steps.scores[keyPlace]), root: root_d.toFixed(3), value: shown(steps.scaled[keyPlace]) });
  said.weights.textContent = put(labels.inside_weights_said, { entropy: entropy(steps.weights).toFixed(2), even: percent(1 / steps.weights.length) }) + shareOfWords(view);
  strips.mixed.paint(steps.mixed, data.diverging, length(steps.mixed), labels.strip_mixed);
  said.sum.textContent = put(labels.inside_sum_said, { count: steps.weights.length, size: data.size });
  showTop(view);
  showGate(view);
  WALK.forEach((step, at) => {
    view.items[step].classList.toggle("current", step === view.step);
    view.items[step].classList.toggle("later", view.reached !== null && at > view.reached);
  });
}

const shareOfWords = ({ data, steps, labels }) => (data.isFused ? ` ${put(labels.inside_share, { words: percent(sum(steps.weights.slice(0, data.words.length))), patches: percent(sum(steps.weights.slice(data.words.length))) })}` : "");

function showTop(view) {
  const { data, steps, labels } = view, order = range(steps.weights.length).sort((a, c) => steps.weights[c] - steps.weights[a]).slice(0, 5);
  const rows = order.includes(view.keyPlace) ? order : [...order.slice(0, 4), view.keyPlace];
  const head = make("tr", {}, ...[labels.key, "q·k", `÷ √${data.size}`, labels.weight, ""].map((text) => make("th", { scope: "col" }, text)));
  const focused = view.top.contains(view.root.getRootNode().activeElement) ? [...view.top.querySelectorAll("button")].indexOf(view.root.getRootNode().activeElement) : -1;
  view.top.replaceChildren(make("thead", {}, head), make("tbody", {}, ...rows.map((place) => {
    const button = make("button", { type: "button" }, nameOf(view, unitAt(data, "key", place)));
    button.addEventListener("click", () => view.pickKey(place));
    return make("tr", { className: place === view.keyPlace ? "chosen" : "" }, make("td", {}, button), make("td", {}, shown(steps.scores[place])), make("td", {}, shown(steps.scaled[place])),
      make("td", {}, percent(steps.weights[place])), make("td", {}, make("span", { className: "bar", style: `width:${(100 * steps.weights[place]) / steps.weights[order[0]]}%` })));
  })));
  view.top.querySelectorAll("button")[focused]?.focus();
}

function showGate(view) {
  const { data, strips, labels, said, queryPlace } = view, { attended, gate } = data.arrays;
  view.items.gate.hidden = !attended;
  if (!attended) return;
  const a = wideRow(attended, queryPlace), g = wideRow(gate, queryPlace), added = a.map((value, at) => value * g[at]);
  strips.attended.paint(a, data.diverging, `|·| ${norm(a).toFixed(2)}`, labels.strip_attended);
  const open = sum([...g]) / g.length;
  strips.gate.paint(g, data.colours, percent(open), labels.strip_gate, 0, 1);
  strips.added.paint(added, data.diverging, `|·| ${norm(added).toFixed(2)}`, labels.strip_added);
  const values = { width: a.length, open: percent(open), before: data.norms[queryPlace].toFixed(2), added: norm(added).toFixed(2), differs: Math.max(...data.differs).toExponential(0) };
  said.gate.textContent = put(labels[data.isFused ? "inside_residual_said" : "inside_gate_said"], values);
}

// One step after another; the last leaves everything in view.
function play(view, on) {
  clearInterval(view.playing);
  view.playing = null;
  view.reached = on ? 0 : null;
  view.step = on ? WALK[0] : "weights";
  if (on) {
    view.playing = setInterval(() => {
      view.reached += 1;
      if (view.reached >= WALK.length) play(view, false);
      else { view.step = WALK[view.reached]; view.draw(); }
    }, PACE_MS);
  }
  view.find("play").setAttribute("aria-pressed", String(on));
  view.find("play").textContent = on ? view.labels.pause : view.labels.play;
  view.draw();
}

// The tasks of the course that check themselves here.
const INSIDE_TASKS = {
  eyes: (view) => {
    const { data, labels, key } = view, [rows, columns] = data.grid, boxes = data.task.boxes;
    const word = view.query.side === "word" && data.words[view.query.index] === data.task.word;
    const [y, x] = [(Math.floor(view.patch / columns) + 0.5) / rows, ((view.patch % columns) + 0.5) / columns];
    const patch = key?.side === "patch" && boxes.some(([left, top, right, bottom]) => x > left && x < right && y > top && y < bottom);
    return [word && patch, put(labels.now_eyes, { word: nameOf(view, view.query), patch: key?.side === "patch" ? nameOf(view, key) : "–" })];
  },
  direction: (view) => {
    const { data, labels, steps } = view, asks = data.kind === "image→text", top = asks ? unitAt(data, "key", view.best) : null;
    const now = asks ? put(labels.now_direction, { patch: nameOf(view, view.query), word: nameOf(view, top), weight: percent(steps.weights[view.best]) }) : labels.now_direction_no;
    return [asks && data.words[top.index] === data.task.word, now];
  },
};

function showOwnTask(view) {
  const { task } = view.data;
  view.find("task").hidden = !task;
  if (task) showTaskBox(view, task, ...INSIDE_TASKS[task.check](view));
}
