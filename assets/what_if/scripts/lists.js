// Words, heads, scores and trials: each a list of buttons. Texts of people are only ever text.

const isDropped = (bench, place) => bench.data.changes.some((change) => change.change === "drop" && change.place === place);

function showTheWords(bench) {
  const { data, state } = bench, { labels } = data, box = bench.find("words");
  const look = (element, place) => {
    element.onpointerenter = (event) => { if (event.pointerType !== "touch") { state.over = place; drawMaps(bench); } };
    element.onfocus = () => { state.over = place; drawMaps(bench); };
    element.onpointerleave = element.onblur = () => { state.over = undefined; drawMaps(bench); };
  };
  const focused = [...box.children].indexOf(box.getRootNode().activeElement);
  const buttons = data.words.map((word, place) => {
    const button = piece("button", word.unknown ? "unknown" : "", word.text), off = isDropped(bench, place);
    button.type = "button";
    button.classList.toggle("off", off);
    button.setAttribute("aria-pressed", String(!off));
    button.title = off ? labels.word_back : labels.word_off;
    look(button, place);
    button.onclick = () => bench.change(off
      ? data.changes.filter((change) => change.change !== "drop" || change.place !== place)
      : [...data.changes, { change: "drop", place }]);
    return button;
  });
  box.replaceChildren(...buttons);
  if (focused >= 0) buttons[focused]?.focus({ preventScroll: true });
}

const sameHead = (change, kind, layer, head) => change.change === "without" && change.kind === kind
  && (change.layer ?? null) === layer && (change.head ?? null) === head;

function showHeads(bench) {
  const { data } = bench, { labels, changes, reasons } = data;
  bench.find("heads-note").textContent = reasons.without ?? labels.heads_help;
  const focused = bench.find("heads").getRootNode().activeElement?.dataset?.head;
  const isOff = (kind, layer, head) => changes.some((change) => sameHead(change, kind, layer, head));
  const toggle = (kind, layer, head, text, name, covered) => {
    const button = piece("button", name, text), off = isOff(kind, layer, head);
    button.type = "button";
    button.dataset.head = [kind, layer, head].join();
    button.classList.toggle("off", off || covered);
    button.disabled = covered;
    button.setAttribute("aria-pressed", String(!(off || covered)));
    const where = [kind, layer === null ? null : labels.layer.replace("{number}", layer + 1), head === null ? null : labels.head.replace("{number}", head + 1)];
    const label = where.filter(Boolean).join(" · ");
    button.title = `${label}: ${off ? labels.switch_on : labels.switch_off}`;
    button.setAttribute("aria-label", label);
    button.onclick = () => bench.change(off
      ? changes.filter((change) => !sameHead(change, kind, layer, head))
      : [...changes, { change: "without", kind, layer, head }]);
    return button;
  };
  const kinds = reasons.without ? [] : data.heads;
  bench.find("heads").replaceChildren(...kinds.map(({ kind, label, layers }) => {
    const group = piece("div", "heads-of"), all = isOff(kind, null, null);
    group.append(toggle(kind, null, null, label, "kind", false));
    layers.forEach((count, layer) => {
      const row = piece("div", "heads-row"), none = all || isOff(kind, layer, null);
      row.append(toggle(kind, layer, null, labels.layer.replace("{number}", layer + 1), "layer", all));
      for (const head of range(count)) row.append(toggle(kind, layer, head, String(head + 1), "head", none));
      group.append(row);
    });
    return group;
  }));
  if (focused) [...bench.find("heads").querySelectorAll("button")].find((button) => button.dataset.head === focused)?.focus({ preventScroll: true });
}

const SMALL = 1e-4; // below which digits would run into the bars
const written = (value) => (value && Math.abs(value) < SMALL ? value.toExponential(1) : `${Number(value.toPrecision(2))}`);
const rounded = (value) => (value === null ? "–" : written(value).replaceAll("-", "−"));

function showScoreTable(bench) {
  const { data, state } = bench, { labels, scores } = data;
  const peak = Math.max(1e-12, ...scores.flat().map((value) => Math.abs(value ?? 0)));
  const head = piece("tr");
  head.append(...["", labels.before, labels.after].map((text) => Object.assign(piece("th", "", text), { scope: "col" })));
  const rows = scores.map((values, place) => {
    const row = piece("tr"), name = piece("th", "", data.words[place].text);
    name.scope = "row";
    row.append(name, ...values.map((value, at) => {
      const cell = piece("td"), track = piece("span", "track"), fill = piece("i");
      fill.style.width = `${(100 * Math.abs(value ?? 0)) / peak}%`;
      cell.classList.toggle("less", (value ?? 0) < 0);
      track.classList.toggle("old", at === 0);
      track.append(fill);
      cell.append(track, piece("span", "value", rounded(value)));
      return cell;
    }));
    row.onpointerenter = () => { state.over = place; drawMaps(bench); };
    row.onpointerleave = () => { state.over = undefined; drawMaps(bench); };
    return row;
  });
  bench.find("scores").replaceChildren(head, ...rows);
}

function showTrials(bench) {
  const { trials, labels } = bench.data, list = bench.find("trials");
  bench.find("strip-title").hidden = trials.length === 0;
  const focused = list.getRootNode().activeElement?.dataset?.key;
  const act = (text, title, pressed, action, key) => {
    const button = Object.assign(piece("button", "icon", text), { type: "button", title, onclick: action });
    button.setAttribute("aria-label", title);
    button.dataset.key = key;
    if (pressed !== null) button.setAttribute("aria-pressed", String(pressed));
    return button;
  };
  const item = (trial, at) => {
    const row = piece("li", trial.now ? "now" : ""), open = piece("button", "open"), picture = piece("img"), about = piece("span", "about");
    picture.alt = "";
    picture.src = trial.picture;
    about.append(piece("strong", "", trial.score), piece("span", "said", trial.said));
    open.type = "button";
    open.append(picture, about);
    open.title = trial.said;
    open.dataset.key = `open ${at}`;
    open.setAttribute("aria-current", String(trial.now));
    open.onclick = () => bench.tell({ do: "open", trial: at });
    row.append(open);
    const tools = piece("span", "trial-tools");
    tools.append(act("⇄", labels.compare_with, trial.base, () => bench.tell({ do: "compare", trial: at }), `compare ${at}`));
    if (at >= 0) {
      tools.append(
        act("★", labels.keep, trial.kept, () => bench.tell({ do: "keep", trial: at }), `keep ${at}`),
        act("×", labels.forget, null, () => bench.tell({ do: "forget", trial: at }), `forget ${at}`),
      );
    }
    row.append(tools);
    return row;
  };
  list.replaceChildren(...trials.map(item).reverse());
  if (focused) [...list.querySelectorAll("button")].find((button) => button.dataset.key === focused)?.focus({ preventScroll: true });
}
