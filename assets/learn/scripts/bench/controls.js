// What is chosen above the matrices: the preset, self or cross, heads, mask, temperature, gate; and the way back.

const temperatureOf = (place) => Number((10 ** (place / 20)).toPrecision(2)); // 0.1 … 10
const placeOfTemperature = (value) => Math.round(20 * Math.log10(value));

function choosePreset(bench, name, turn = bench.turn) {
  bench.preset = name;
  bench.key = `${turn}:${name}`;
  bench.at = { step: "scores", side: "q", query: 0, key: 0, head: 0, column: 0 };
  const preset = bench.presets[name];
  const scale = !preset.problem;
  bench.find("saturation").hidden = !scale;
  for (const id of ["controls", "floor"]) bench.find(id).hidden = scale;
  bench.find("about").textContent = bench.labels[`preset_${name}_about`];
  showPresets(bench);
  if (scale) {
    bench.find("note").hidden = true;
    bench.find("task").hidden = true;
    new Saturation(bench).build();
    return;
  }
  bench.problem = memory.problems[bench.key] ?? begin(bench);
  memory.problems[bench.key] = bench.problem;
  bench.first = attend(begin(bench));
  setUpControls(bench);
  build(bench);
}

// A preset's own problem; a task may begin it in another way.
const begin = (bench) => ({ ...problemOf(bench.presets[bench.preset]), ...(bench.task?.begin ?? {}) });

function showPresets(bench) {
  const box = bench.find("presets");
  box.hidden = bench.task !== null;
  box.setAttribute("aria-label", bench.labels.presets);
  box.replaceChildren(...Object.keys(bench.presets).map((name) => {
    const button = make("button", { type: "button", id: `preset-${name}`, "aria-pressed": String(name === bench.preset) }, bench.labels[`preset_${name}`]);
    button.addEventListener("click", () => {
      choosePreset(bench, name);
      putInAddress({ part: "bench", preset: name, step: null });
      bench.find(`preset-${name}`).focus();
    });
    return button;
  }));
}

function setUpControls(bench) {
  const { problem, labels } = bench, find = bench.find;
  for (const element of bench.root.querySelectorAll("[data-say]")) element.textContent = labels[element.dataset.say];
  const changed = (change) => { change(); build(bench); };
  find("kind").setAttribute("aria-label", labels.kind);
  find("kind").replaceChildren(...["self", "cross"].map((kind) => {
    const button = make("button", { type: "button", id: `kind-${kind}`, "aria-pressed": String((kind === "cross") === (problem.context !== null)) }, labels[`kind_${kind}`]);
    button.addEventListener("click", () => { chooseKind(bench, kind); find(`kind-${kind}`).focus(); });
    return button;
  }));
  const rows = [problem.w_q.length, problem.w_v.length];
  const counts = range(Math.min(...rows)).map((at) => at + 1).filter((count) => rows.every((row) => row % count === 0));
  options(find("heads"), counts.map((count) => [String(count), String(count)]), String(problem.heads));
  find("heads").onchange = () => changed(() => { problem.heads = Number(find("heads").value); });
  options(find("mask"), ["none", "causal", "padding", "own"].map((name) => [name, labels[`mask_${name}`]]), maskName(problem));
  find("mask").onchange = () => { chooseMask(bench, find("mask").value); };
  const slide = (id, value, text, take) => {
    const slider = find(id);
    slider.value = value;
    const say = () => { find(`${id}-value`).textContent = text(); slider.setAttribute("aria-valuetext", text()); };
    say();
    slider.oninput = () => { take(Number(slider.value)); say(); bench.compute(); };
  };
  slide("temperature", placeOfTemperature(problem.temperature), () => shown(problem.temperature), (place) => { problem.temperature = temperatureOf(place); });
  find("gate-row").hidden = problem.gate === null;
  if (problem.gate !== null) slide("gate", problem.gate, () => problem.gate.toFixed(2), (value) => { problem.gate = value; });
  find("save").title = labels.save_help;
  find("save").onclick = () => save(problem);
  find("reset").onclick = () => {
    bench.problem = memory.problems[bench.key] = begin(bench);
    setUpControls(bench);
    build(bench);
  };
}

// The file that ``python -m vtviz mechanism`` reads.
function save({ gate, ...problem }) {
  const given = Object.fromEntries(Object.entries(problem).filter(([, value]) => value !== null));
  const link = make("a", { href: URL.createObjectURL(new Blob([JSON.stringify(given)], { type: "application/json" })), download: "mechanism.json" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function options(select, all, chosen) {
  select.replaceChildren(...all.map(([value, text]) => make("option", { value, selected: value === chosen }, text)));
  select.value = chosen;
}

// Cross-attention begins with the other sequence of the preset, or with the same tokens in another order.
function chooseKind(bench, kind) {
  const { problem } = bench, other = bench.presets[bench.preset].problem.context;
  problem.context = kind === "self" ? null : structuredClone(other ?? [...problem.x].reverse());
  problem.mask = everywhere(problem.x.length, (problem.context ?? problem.x).length);
  setUpControls(bench);
  build(bench);
}

const padding = (queries, keys) => range(queries).map(() => range(keys).map((key) => key < keys - 1 || keys === 1));

function maskName({ mask }) {
  const sizes = [mask.length, mask[0].length], is = (other) => JSON.stringify(mask) === JSON.stringify(other);
  return is(everywhere(...sizes)) ? "none" : is(causal(...sizes)) ? "causal" : is(padding(...sizes)) ? "padding" : "own";
}

function chooseMask(bench, name) {
  const { mask } = bench.problem, made = { none: everywhere, causal, padding }[name];
  if (made) bench.problem.mask = made(mask.length, mask[0].length);
  bench.compute();
  bench.find("mask").value = maskName(bench.problem);
}

// One key must stay, or there is nothing to share.
function toggleMask(bench, row, column) {
  const keys = bench.problem.mask[row];
  if (keys[column] && keys.filter(Boolean).length === 1) return;
  keys[column] = !keys[column];
  bench.compute();
  bench.find("mask").value = maskName(bench.problem);
}
