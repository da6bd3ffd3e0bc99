// Two explanations side by side: a word of one lights up with its counterpart, and three maps move at once. Looking
// needs no server; a pinned pair is told to it. The painting of cells is the lens's own (see paint.js).
const pairs = new WeakMap();
const looks = { opacity: 80, smooth: true, against: false, alike: false }; // survives a change of what is compared

const decoded = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const floats = (text) => (text === null ? null : new Float32Array(decoded(text).buffer));
const made = (tag, className, text) => Object.assign(document.createElement(tag), { className: className ?? "", textContent: text ?? "" });
const largestOf = (...maps) => Math.max(0, ...maps.filter(Boolean).map((map) => map.reduce((top, value) => Math.max(top, Math.abs(value)), 0)));
const gradient = (lut) => `linear-gradient(90deg, ${Array.from({ length: 17 }, (_, at) => {
  const place = 3 * Math.round((255 * at) / 16);
  return `rgb(${lut[place]} ${lut[place + 1]} ${lut[place + 2]})`;
}).join(", ")})`;

function paintPanel(canvas, map, grid, peak, lut, signed) {
  const box = canvas.getBoundingClientRect(), sharp = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(box.width * sharp));
  canvas.height = Math.max(1, Math.round(box.height * sharp));
  if (!map) return;
  const context = canvas.getContext("2d"), opacity = looks.opacity / 100;
  if (looks.smooth) {
    drawSoft(context, keep, { map, peak, grid, lut, signed, opacity }, canvas.width, canvas.height);
    return;
  }
  const [rows, columns] = grid, cells = new OffscreenCanvas(columns, rows), image = new ImageData(columns, rows);
  colourCells(image.data, map, peak, lut, signed, opacity);
  cells.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(cells, 0, 0, canvas.width, canvas.height);
}

const keep = {}; // canvases that every panel draws on before it shows them

// The panels beside each other with what they show, as a picture.
function savePanels(panels, foot) {
  const side = 640, line = 22, lines = foot.split("\n"), head = 34;
  const heights = panels.map(({ photo }) => Math.round((side * photo.naturalHeight) / photo.naturalWidth));
  const height = head + Math.max(...heights), width = panels.length * side;
  const canvas = Object.assign(document.createElement("canvas"), { width, height: height + line * (lines.length + 1) });
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  panels.forEach(({ photo, canvas: map, title, kind }, at) => {
    context.filter = kind === 2 ? "grayscale(1)" : "none";
    context.drawImage(photo, at * side, head, side, heights[at]);
    context.filter = "none";
    context.drawImage(map, at * side, head, side, heights[at]);
    context.fillStyle = "#222";
    context.font = "bold 16px system-ui, sans-serif";
    context.fillText(title, at * side + 12, 23, side - 24);
  });
  context.font = "15px system-ui, sans-serif";
  lines.forEach((text, at) => context.fillText(text, 12, height + line * (at + 1), width - 24));
  canvas.toBlob((blob) => {
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: "vtviz-comparison.png" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }, "image/png");
}

export default function mountPair({ data, parentElement: root, setStateValue }) {
  const find = (id) => root.querySelector(`#${id}`), { labels, sides } = data;
  const state = pairs.get(root) ?? { over: null };
  if (state.name !== data.name) Object.assign(state, { name: data.name, pinned: data.pinned, over: null });
  pairs.set(root, state);
  state.stop?.(); // what came before listens no more
  const lut = decoded(data.lut), diverging = decoded(data.diverging);
  const found = data.pairs.map((pair) => ({ ...pair, maps: pair.maps.map(floats), difference: floats(pair.difference) }));
  const wordOf = (pair, side) => (pair.whole ? labels.whole : pair.places[side] === null ? null : sides[side].words[pair.places[side]].text);

  const likeness = data.alike && Object.fromEntries(Object.entries(data.alike).map(([name, text]) => [name, Float32Array.from(decoded(text), (value) => value / 127.5 - 1)]));
  // What resembles the patch that is looked at, on both sides: cosines from their median upwards.
  const alikeOn = (side) => {
    const at = state.patch, grid = data.grids[side], count = grid[0] * grid[1], others = likeness[`${at.side}${side}`];
    const row = others.subarray(at.patch * count, (at.patch + 1) * count), floor = [...row].sort((a, b) => a - b)[Math.floor(count / 2)];
    const best = row.reduce((top, value, other) => (at.side === side && other === at.patch ? top : top < 0 || value > row[top] ? other : top), -1);
    return { grid, peak: 1 - floor, map: row.map((value) => Math.max(0, value - floor)), best, own: at.side === side ? at.patch : null, cosine: row[best] };
  };
  const outlinePatch = (canvas, grid, patch, dashed) => {
    const context = canvas.getContext("2d"), sharp = window.devicePixelRatio || 1, [w, h] = [canvas.width / grid[1], canvas.height / grid[0]];
    context.setLineDash(dashed ? [4 * sharp, 3 * sharp] : []);
    for (const [line, colour] of [[4, "#000"], [2, dashed ? "#ffe873" : "#fff"]]) {
      Object.assign(context, { lineWidth: line * sharp, strokeStyle: colour });
      context.strokeRect((patch % grid[1]) * w, Math.floor(patch / grid[1]) * h, w, h);
    }
    context.setLineDash([]);
  };
  const drawAlike = () => {
    const told = panels.filter(({ kind }) => kind < 2).map(({ canvas, none, kind }) => {
      const like = alikeOn(kind);
      paintPanel(canvas, like.map, like.grid, like.peak, lut, false);
      none.textContent = "";
      outlinePatch(canvas, like.grid, like.best, true);
      if (like.own !== null) outlinePatch(canvas, like.grid, like.own, false);
      return `${sides[kind].name}: ${like.cosine.toFixed(2)}`;
    });
    find("status").textContent = `${labels.alike_best} ${told.join(" · ")}`;
  };

  const draw = () => {
    if (looks.alike && likeness && state.patch) { drawAlike(); return; }
    const shown = state.over ?? state.pinned, pair = found[shown];
    const seen = pair.maps.map((map, side) => (map && data.signed[side] && !looks.against ? map.map((value) => Math.max(0, value)) : map));
    const peak = largestOf(...seen), peaks = data.differs ? [peak, peak] : seen.map((map) => largestOf(map)); // one photo, one scale
    panels.forEach(({ canvas, none, words, kind }) => {
      const map = kind === 2 ? pair.difference : seen[kind];
      const signed = kind === 2 || (data.signed[kind] && looks.against);
      paintPanel(canvas, map, kind === 2 ? pair.grids[0] : pair.grids[kind], kind === 2 ? peak : peaks[kind], signed ? diverging : lut, signed);
      none.textContent = map ? "" : labels.alone;
      canvas.setAttribute("aria-label", `${labels.map} ${kind === 2 ? labels.difference : sides[kind].name}: ${wordOf(pair, kind % 2) ?? "–"}`);
      words.forEach(([button, at]) => {
        button.classList.toggle("lit", at === shown);
        button.setAttribute("aria-pressed", String(at === state.pinned));
      });
    });
    rows.forEach((row, at) => row.classList.toggle("lit", at === shown));
    const text = [0, 1].map((side) => wordOf(pair, side)).map((word) => (word === null ? labels.nothing : `“${word}”`));
    const told = [text[0] === text[1] ? text[0] : text.join(" / ")];
    if (pair.correlation !== null) told.push(`${labels.correlation} ${pair.correlation}`);
    if (pair.overlap !== null) told.push(`${labels.overlap} ${pair.overlap}`);
    find("status").textContent = told.join(" · ");
    const percent = (value) => `${(100 * value).toPrecision(2)} %`, top = percent(peak);
    find("high").textContent = data.differs ? top : `A ${percent(peaks[0])} · B ${percent(peaks[1])}`;
    find("plus").textContent = `A ${top}`;
    find("minus").textContent = `${top} B`;
    find("low").textContent = data.signed.includes(true) && looks.against ? `−${top}` : "0";
    find("ramp").style.background = gradient(data.signed.includes(true) && looks.against ? diverging : lut);
  };
  const look = (at) => { state.over = at; draw(); };
  const pin = (at) => { Object.assign(state, { pinned: at, over: null }); draw(); setStateValue("pinned", { name: data.name, pair: at }); };
  const follow = (element, at) => {
    element.onmouseenter = element.onfocus = () => look(at);
    element.onmouseleave = element.onblur = () => look(null);
    element.onclick = () => pin(at);
  };

  const holdAlike = (on) => {
    if (looks.alike === on || !data.comparable) return;
    looks.alike = on;
    find("alike").checked = on;
    if (on && !data.alike) setStateValue("alike", true);
    draw();
  };
  const pointAt = (stage, side) => {
    stage.onpointermove = (event) => {
      const box = stage.getBoundingClientRect(), grid = data.grids[side];
      const at = (share, count) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
      const patch = at((event.clientY - box.top) / box.height, grid[0]) * grid[1] + at((event.clientX - box.left) / box.width, grid[1]);
      state.patch = { side, patch };
      if (looks.alike) draw();
    };
    stage.onpointerleave = () => { state.patch = null; if (looks.alike) draw(); };
  };
  const inField = (event) => event.composedPath()[0]?.closest?.("input:not([type=checkbox]), textarea, select");
  const keyDown = (event) => { if (event.key === "l" && !event.repeat && !event.ctrlKey && !event.metaKey && state.patch && !inField(event)) holdAlike(true); };
  const keyUp = (event) => { if (event.key === "l" && !inField(event)) holdAlike(false); };
  window.addEventListener("keydown", keyDown);
  window.addEventListener("keyup", keyUp);

  const panels = [0, 1, ...(data.differs ? [2] : [])].map((kind) => {
    const box = made("section", "side"), stage = made("div", `stage${kind === 2 ? " bare" : ""}`), words = made("div", "words");
    const canvas = made("canvas"), photo = made("img"), none = made("span", "none"), own = [];
    words.setAttribute("role", "group");
    words.setAttribute("aria-label", labels.words);
    found.forEach((pair, at) => {
      const text = wordOf(pair, kind % 2);
      if (kind === 2 || text === null) return;
      const place = pair.places[kind], button = made("button", pair.whole ? "whole" : "", text);
      button.type = "button";
      button.classList.toggle("changed", pair.changed);
      button.classList.toggle("unknown", !pair.whole && sides[kind].words[place].unknown);
      follow(button, at);
      words.append(button);
      own.push([button, at]);
    });
    if (kind === 2) words.textContent = labels.difference_about;
    canvas.setAttribute("role", "img");
    Object.assign(photo, { src: data.photos[kind === 2 ? 0 : kind] ?? data.photos[0], alt: kind === 2 ? "" : sides[kind].alt });
    stage.append(photo, canvas, none);
    if (kind < 2) pointAt(stage, kind);
    const title = kind === 2 ? labels.difference : sides[kind].title;
    box.append(made("h3", "", title), words, stage);
    return { box, canvas, photo, title, none, kind, words: own };
  });
  find("sides").style.setProperty("--columns", panels.length);
  find("sides").replaceChildren(...panels.map(({ box }) => box));

  const rows = found.map((pair, at) => {
    const row = made("tr", pair.changed ? "changed" : "");
    const [a, b] = pair.scores, cells = [0, 1].map((side) => wordOf(pair, side) ?? "–");
    const values = [a, b, pair.change, pair.correlation, pair.overlap].map((value) => value ?? "–");
    row.append(...cells.concat(values).map((text) => made("td", "", text)));
    const name = made("button", "", cells[0]);
    name.type = "button";
    row.firstChild.replaceChildren(name);
    follow(row, at);
    name.onfocus = () => look(at);
    name.onblur = () => look(null);
    return row;
  });
  find("heads").replaceChildren(...labels.heads.map(([text, about]) => {
    const head = made("th", "", text);
    head.scope = "col";
    head.title = about;
    return head;
  }));
  find("rows").replaceChildren(...rows);

  find("hint").textContent = labels.hint;
  find("scale-name").textContent = labels.share;
  find("difference-name").textContent = labels.difference;
  find("differs").style.display = data.differs ? "" : "none";
  find("diverging").style.background = gradient(diverging);
  find("opacity-label").textContent = labels.opacity;
  find("smooth-label").textContent = labels.smooth;
  Object.assign(find("opacity"), { value: looks.opacity, oninput: (event) => { looks.opacity = Number(event.target.value); draw(); } });
  Object.assign(find("smooth"), { checked: looks.smooth, onchange: (event) => { looks.smooth = event.target.checked; draw(); } });
  find("against-row").hidden = !data.signed.includes(true);
  find("against-label").textContent = labels.against;
  Object.assign(find("against"), { checked: looks.against, onchange: (event) => { looks.against = event.target.checked; draw(); } });
  find("alike-row").hidden = !data.comparable;
  find("alike-label").textContent = labels.alike;
  find("alike-row").title = labels.alike_help;
  Object.assign(find("alike"), { checked: looks.alike, onchange: (event) => holdAlike(event.target.checked) });
  find("figures-label").textContent = labels.figures;
  find("save").textContent = labels.save;
  find("save").onclick = () => savePanels(panels, labels.foot);
  find("notes").textContent = labels.notes.join("\n");
  const fitRoom = () => {
    const top = find("sides").getBoundingClientRect().top + (document.querySelector("[data-testid=stMain]")?.scrollTop ?? 0);
    find("pair").style.setProperty("--room", `${Math.max(200, window.innerHeight - top - 236)}px`);
  };
  fitRoom();
  window.addEventListener("resize", fitRoom);
  const watcher = new ResizeObserver(draw), page = document.querySelector("[data-testid=stMainBlockContainer]");
  const roomWatcher = new ResizeObserver(fitRoom);
  if (page) roomWatcher.observe(page);
  panels.forEach(({ canvas }) => watcher.observe(canvas));
  draw();
  state.stop = () => {
    watcher.disconnect();
    roomWatcher.disconnect();
    window.removeEventListener("resize", fitRoom);
    window.removeEventListener("keydown", keyDown);
    window.removeEventListener("keyup", keyUp);
  };
  return state.stop;
}
