// What can be done with the marked patches and the chosen word, and what has been done.

const FILL_NAMES = ["blur", "mean", "zero"];
const marked = (bench) => ({ patches: [...marksOf(bench)].sort((a, b) => a - b) });

// A change that says the same thing anew takes the place of the older one.
const replaces = (change, other) => change.change === other.change && (change.change === "only"
  || (["cut", "push"].includes(change.change) && change.place === other.place && String(change.patches) === String(other.patches)));

function setUpTools(bench) {
  const { find, state } = bench;
  for (const tool of ["brush", "box"]) find(`tool-${tool}`).onclick = () => { state.tool = tool; showTools(bench); };
  find("clear").onclick = () => mark(bench, []);
  find("hide").onclick = () => bench.add({ change: "hide", ...marked(bench), fill: state.fill });
  find("only").onclick = () => bench.add({ change: "only", ...marked(bench), fill: state.fill });
  find("move").onclick = () => startMove(bench);
  find("cut").onclick = () => bench.add({ change: "cut", ...marked(bench), place: state.word });
  find("push").onclick = () => bench.add({ change: "push", ...marked(bench), place: state.word, strength: state.strength });
  find("fill").onchange = (event) => { state.fill = event.target.value; };
  find("word").onchange = (event) => {
    state.word = event.target.value === "" ? null : Number(event.target.value);
    showTools(bench);
    drawMaps(bench);
  };
  find("strength").oninput = (event) => { state.strength = Number(event.target.value); showTools(bench); };
}

function fillTools(bench) {
  const { find, data, state } = bench, { labels } = data;
  for (const each of bench.root.querySelectorAll("[data-say]")) each.textContent = labels[each.dataset.say];
  for (const each of bench.root.querySelectorAll("[data-label]")) each.setAttribute("aria-label", labels[each.dataset.label]);
  for (const each of bench.root.querySelectorAll("[data-title]")) each.title = labels[each.dataset.title];
  const option = (value, text) => Object.assign(piece("option", "", text), { value });
  find("fill").replaceChildren(...FILL_NAMES.map((name) => option(name, labels[`fill_${name}`])));
  find("fill").value = state.fill;
  const left = data.words.flatMap((word, place) => (isDropped(bench, place) ? [] : [option(place, word.text)]));
  find("word").replaceChildren(option("", labels.whole), ...left);
  if (state.word !== null && isDropped(bench, state.word)) state.word = null;
  find("word").value = state.word ?? "";
  find("strength").value = state.strength;
}

function showTools(bench) {
  const { find, data, state } = bench, { labels, reasons } = data, count = marksOf(bench).size;
  for (const tool of ["brush", "box"]) find(`tool-${tool}`).setAttribute("aria-pressed", String(state.tool === tool));
  find("count").textContent = count ? labels.count.replace("{count}", count) : labels.none_marked;
  find("clear").hidden = count === 0;
  const can = (id, ready, need) => {
    const reason = reasons[id] ?? (ready ? null : need);
    find(id).disabled = reason !== null;
    find(id).title = reason ?? labels[`${id}_help`];
  };
  for (const id of ["hide", "only", "move"]) can(id, count > 0, labels.need_marks);
  for (const id of ["cut", "push"]) can(id, count > 0 && state.word !== null, labels.need_word);
  find("move").setAttribute("aria-pressed", String(state.moving !== null));
  find("strength-value").textContent = `${Math.round(100 * state.strength)}%`;
  find("strength").disabled = find("push").disabled;
}

function showChips(bench) {
  const { data } = bench, { labels } = data;
  const chips = data.said.map((text, at) => {
    const chip = piece("button", "chip", text);
    chip.type = "button";
    chip.title = labels.take_back;
    chip.setAttribute("aria-label", `${text} ${labels.take_back}`);
    chip.append(piece("span", "cross", "×"));
    chip.onclick = () => bench.change(data.changes.filter((_, other) => other !== at));
    return chip;
  });
  const button = (text, on, action) => Object.assign(piece("button", "quiet", text), { type: "button", disabled: !on, onclick: action });
  bench.find("chips").replaceChildren(
    button(labels.undo, data.undo, () => bench.tell({ do: "undo" })),
    button(labels.reset, data.changes.length > 0, () => bench.change([])),
    ...(chips.length ? chips : [piece("span", "hint", labels.hint)]),
  );
}

function showWays(bench) {
  const { data } = bench;
  bench.find("ways").hidden = data.ways.length < 2;
  bench.find("ways").replaceChildren(...data.ways.map(([name, label]) => {
    const button = Object.assign(piece("button", "", label), { type: "button", onclick: () => bench.tell({ do: "way", way: name }) });
    button.setAttribute("aria-pressed", String(name === data.way));
    return button;
  }));
}
