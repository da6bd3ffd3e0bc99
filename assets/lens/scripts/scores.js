// The score of every token as a bar, and what the scores add up to.

function showScores(lens) {
  if (lens.tab !== "scores") return;
  const key = [lens.serial, lens.set.show, lens.set.words, lens.set.pieces, lens.sorted].join();
  if (lens.scoresKey === key) return;
  lens.scoresKey = key;
  const { data } = lens, { labels } = data, places = range(lens.units.length);
  const values = places.map((place) => unitScore(lens, place)), peak = largest(values);
  if (lens.sorted) places.sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]));
  const signed = values.some((value) => value < 0);
  const rows = places.map((place) => {
    const row = document.createElement("button"), value = values[place];
    row.type = "button";
    row.className = "score";
    row.classList.toggle("less", value < 0);
    row.setAttribute("aria-pressed", String(lens.set.words.includes(place)));
    const share = peak > 0 ? Math.abs(value) / peak : 0;
    const from = signed ? (value < 0 ? 50 - 50 * share : 50) : 0;
    row.append(
      textIn("span", lens.units[place].text, "name"),
      bar(from, signed ? 50 * share : 100 * share, signed),
      textIn("span", number(value), "value"),
    );
    row.onpointerenter = () => lens.look({ words: [place], patch: null });
    row.onpointerleave = () => lens.look({ words: null });
    row.onclick = (event) => chooseToken(lens, place, event);
    return row;
  });
  const list = lens.find("scores"), at = [...list.children].indexOf(lens.panels.getRootNode().activeElement);
  list.replaceChildren(...rows);
  if (at >= 0) rows[at]?.focus({ preventScroll: true });
  const total = lens.view().name === "attribution" && data.total;
  lens.find("sum").textContent = total ? sumOf(data) : "";
  lens.find("sum-note").textContent = total
    ? (data.total.baseline === null ? labels.sum_free : labels.sum_complete) : labels.sum_none;
}

function sumOf(data) {
  const { labels, total } = data;
  const sum = data.views[0].scores.reduce((all, score) => all + score, 0);
  const parts = [labels.sum.replace("{value}", number(sum))];
  const image = total.baseline === null || !total.image ? "" : labels.sum_image.replace("{value}", number(total.image));
  if (image) parts.push(image);
  parts.push(`${labels.total}: ${number(total.value)}`);
  if (total.baseline !== null) parts.push(labels.sum_baseline.replace("{value}", number(total.baseline)));
  return parts.join(" · ");
}

function bar(from, width, centred) {
  const made = document.createElement("span"), fill = document.createElement("i");
  made.className = "track";
  made.classList.toggle("centred", centred);
  fill.style.left = `${from}%`;
  fill.style.width = `${width}%`;
  made.append(fill);
  return made;
}

function textIn(tag, text, name = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (name) made.className = name;
  return made;
}
