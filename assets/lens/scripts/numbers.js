// The weights behind the map: the patches that get most, and how far their q·k/√d lies below the best one's.

const TOP = 8;

function showNumbers(lens) {
  if (lens.tab !== "numbers") return;
  const { data, set } = lens, { labels } = data, shown = lens.shown();
  const table = lens.find("numbers"), note = lens.find("numbers-note");
  if (!shown.map) {
    table.replaceChildren();
    note.textContent = labels.numbers_none;
    return;
  }
  const order = range(data.patches).sort((a, b) => shown.map[b] - shown.map[a]).slice(0, TOP);
  // Softmax forgets what all scores share: ln(w / w_max) is the difference of two scores, of one row only.
  const row = shown.attention && lens.oneRow(shown);
  const best = shown.map[order[0]], columns = data.grid[1];
  const name = (patch) => `${Math.floor(patch / columns) + 1}, ${(patch % columns) + 1}`;
  const head = document.createElement("tr");
  head.append(...[labels.place, ...(row ? [labels.score_gap] : []), shown.attention ? labels.weight : labels.relevance_of, ""]
    .map((text) => Object.assign(textIn("th", text), { scope: "col" })));
  const rows = order.map((patch) => {
    const made = document.createElement("tr"), value = shown.map[patch];
    const cells = [textIn("td", name(patch))];
    if (row) cells.push(textIn("td", value > 0 ? gap(value / best) : "−∞"));
    cells.push(textIn("td", shown.attention ? percent(value) : number(value)));
    const track = document.createElement("td");
    track.append(bar(0, best > 0 ? (100 * Math.max(value, 0)) / best : 0, false));
    made.append(...cells, track);
    made.onpointerenter = () => lens.look({ patch });
    made.onpointerleave = () => lens.look({ patch: null });
    made.onclick = () => lens.pin({ patch });
    return made;
  });
  table.replaceChildren(head, ...rows);
  const top = order.reduce((all, patch) => all + shown.map[patch], 0);
  note.textContent = shown.attention
    ? (row ? labels.numbers_row : labels.numbers_mean)
      .replace("{count}", order.length).replace("{share}", percent(top))
    : labels.numbers_relevance;
  lens.find("numbers-what").textContent = lens.describe();
  lens.find("formula").hidden = !shown.attention;
}

const gap = (ratio) => (ratio >= 1 ? "0" : number(Math.log(ratio)));

const percent = (share) => {
  const value = 100 * share;
  return `${value >= 10 ? value.toFixed(1) : value >= 0.01 || value === 0 ? value.toFixed(2) : value.toExponential(1)}%`;
};
