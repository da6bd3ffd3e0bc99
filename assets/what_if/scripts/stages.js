// The two pictures: what is compared with, and what the changes made of it, under maps on one scale.

const piece = (tag, name = "", text = "") => Object.assign(document.createElement(tag), { className: name, textContent: text });

// A word of the original in the words of a side, which may lack it.
function mapOf(side, word) {
  const { decoded, units, places } = side, [view] = decoded.views, out = new Float32Array(decoded.patches);
  const unit = (row) => (units ? units[row] : 1);
  if (word === null) addRow(out, view.whole, 0, unit(decoded.pieces.length));
  else {
    const at = places.indexOf(word);
    if (at < 0) return null;
    const { pieces } = decoded.words[at];
    for (const each of pieces) addRow(out, view.maps, each, unit(each) / pieces.length);
  }
  return positive(out);
}

function buildStage(bench, name) {
  const figure = bench.find(name);
  if (figure.firstChild) return;
  const head = piece("figcaption"), stage = piece("div", "stage"), photo = piece("img");
  const map = piece("canvas", "map"), marks = piece("canvas", "marks");
  photo.draggable = false;
  marks.tabIndex = 0;
  marks.setAttribute("role", "application");
  stage.append(photo, map, marks, piece("span", "gone"));
  figure.append(head, stage);
  markByPointer(bench, marks);
  marks.onkeydown = (event) => markByKeys(bench, event);
  marks.onfocus = marks.onblur = () => bench.marksMoved();
}

function showSide(bench, name) {
  const figure = bench.find(name), side = bench.data.sides[name], { labels } = bench.data;
  const score = piece("strong", "score-now", side.score), change = piece("span", "change", side.change ?? "");
  change.classList.toggle("less", (side.change ?? "").startsWith("-"));
  const verdict = piece("span", `verdict ${side.tone}`, side.verdict);
  figure.querySelector("figcaption").replaceChildren(piece("span", "title", side.title), score, change, verdict);
  score.title = side.score_name;
  const photo = figure.querySelector("img");
  if (photo.src !== side.decoded.photoUrl) photo.src = side.decoded.photoUrl;
  photo.alt = `${side.title}. ${side.score_name} ${side.score}. ${side.verdict}`;
  figure.style.setProperty("--ratio", bench.data.ratio);
  figure.querySelector(".marks").setAttribute("aria-label", `${side.title}. ${labels.canvas}`);
}

function drawMaps(bench) {
  const { sides } = bench.data, word = bench.state.over === undefined ? bench.state.word : bench.state.over;
  const maps = Object.fromEntries(Object.entries(sides).map(([name, side]) => [name, mapOf(side, word)]));
  const peak = Math.max(...Object.values(maps).map((map) => (map ? largest(map) : 0)));
  for (const [name, side] of Object.entries(sides)) {
    const figure = bench.find(name), canvas = figure.querySelector(".map"), box = canvas.getBoundingClientRect();
    const sharp = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.round(box.width * sharp)), height = Math.max(1, Math.round(box.height * sharp));
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    figure.querySelector(".gone").textContent = maps[name] ? "" : bench.data.labels.gone;
    if (!maps[name]) continue;
    drawSoft(context, bench.keep, { map: maps[name], peak, grid: bench.data.grid, lut: side.decoded.colours.cividis, signed: false, opacity: 0.8 }, width, height);
  }
}
