// The lens: a photo, the map of one word over it, and the words. Looking around needs no server; a pinned word is sent.
const states = new WeakMap();
const settings = { opacity: 0.8, smooth: true }; // kept from one photo and text to the next

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function colourOf(lut, value) {
  const at = 3 * Math.round(255 * Math.min(1, Math.max(0, value)));
  return `rgb(${lut[at]} ${lut[at + 1]} ${lut[at + 2]})`;
}

function paint(state, canvas, map, outline) {
  const [rows, columns] = state.data.grid;
  const box = canvas.getBoundingClientRect();
  const sharp = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(box.width * sharp));
  canvas.height = Math.max(1, Math.round(box.height * sharp));
  const small = new OffscreenCanvas(columns, rows);
  const cells = small.getContext("2d");
  const image = cells.createImageData(columns, rows);
  for (let i = 0; i < rows * columns; i++) {
    const value = map ? Math.round(255 * Math.sqrt(map(i) / 255)) : 0;
    image.data.set([...state.lut.subarray(3 * value, 3 * value + 3), Math.round(settings.opacity * value)], 4 * i);
  }
  cells.putImageData(image, 0, 0);
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = settings.smooth;
  context.imageSmoothingQuality = "high";
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  if (outline !== null) {
    const width = canvas.width / columns, height = canvas.height / rows;
    const x = (outline % columns) * width, y = Math.floor(outline / columns) * height;
    context.lineWidth = 4 * sharp; context.strokeStyle = "#000"; context.strokeRect(x, y, width, height);
    context.lineWidth = 2 * sharp; context.strokeStyle = "#fff"; context.strokeRect(x, y, width, height);
  }
}

export default function (component) {
  const { data, parentElement: root, setStateValue } = component;
  const find = (id) => root.querySelector(`#${id}`);
  const canvas = find("canvas"), photo = find("photo"), release = find("release");
  let state = states.get(root);
  if (!state) {
    state = { hovered: null, pinned: -1, patch: null };
    states.set(root, state);
  }
  if (state.fingerprint !== data.fingerprint) {
    Object.assign(state, { fingerprint: data.fingerprint, hovered: null, patch: null, pinned: data.pinned });
  }
  Object.assign(state, { data, lut: bytes(data.lut), maps: bytes(data.maps), reverse: bytes(data.reverse) });
  const { labels, words, grid: [rows, columns] } = data;
  const patches = rows * columns;

  // Index -1 stands for the whole text: its map comes first.
  const mapOf = (word) => (i) => state.maps[(word + 1) * patches + i];
  const partOf = (word) => state.reverse[state.patch * words.length + word] / 255;

  const draw = () => {
    const shown = state.hovered ?? state.pinned;
    paint(state, canvas, state.patch === null || state.hovered !== null ? mapOf(shown) : null, state.patch);
    [...find("words").children].forEach((button, at) => {
      const word = at - 1, fromPatch = state.patch !== null;
      const share = fromPatch ? (word < 0 ? 0 : partOf(word)) : (word < 0 ? 0 : words[word].share);
      button.style.setProperty("--share", `${Math.round(100 * share)}%`);
      button.style.setProperty("--colour", colourOf(state.lut, 0.25 + 0.75 * share));
      button.setAttribute("aria-pressed", String(!fromPatch && word === state.pinned));
    });
    release.hidden = state.patch === null;
    const status = find("status");
    if (state.patch === null) {
      status.textContent = shown < 0 ? labels.whole_status : labels.word_status.replace("{word}", words[shown].text);
    } else {
      const order = words.map((_, word) => word).sort((a, b) => partOf(b) - partOf(a)).slice(0, 3);
      status.textContent = labels.patch_status
        .replace("{row}", Math.floor(state.patch / columns) + 1)
        .replace("{column}", (state.patch % columns) + 1)
        .replace("{words}", order.map((word) => words[word].text).join(", "));
    }
    canvas.setAttribute("aria-label", status.textContent);
  };

  const button = (text, word) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    if (word < 0) made.className = "whole";
    else made.title = labels.relevance.replace("{value}", words[word].score);
    if (word >= 0 && words[word].unknown) {
      made.classList.add("unknown");
      made.title = `${labels.unknown}. ${made.title}`;
    }
    made.onmouseenter = made.onfocus = () => { state.hovered = word; draw(); };
    made.onmouseleave = made.onblur = () => { state.hovered = null; draw(); };
    made.onclick = () => {
      Object.assign(state, { pinned: word, patch: null });
      draw();
      setStateValue("word", word);
    };
    return made;
  };

  const choose = (patch) => { Object.assign(state, { patch, hovered: null }); draw(); };

  find("hint").textContent = labels.hint;
  find("low").textContent = labels.low;
  find("high").textContent = labels.high;
  find("opacity-label").textContent = labels.opacity;
  find("smooth-label").textContent = labels.smooth;
  find("words").setAttribute("aria-label", labels.words);
  release.textContent = labels.release;
  find("ramp").style.background =
    `linear-gradient(90deg, ${[0, 0.25, 0.5, 0.75, 1].map((at) => colourOf(state.lut, at)).join(", ")})`;
  find("stage").style.setProperty("--ratio", data.ratio);
  find("words").replaceChildren(button(labels.whole, -1), ...words.map((word, at) => button(word.text, at)));
  photo.alt = data.alt;
  if (photo.src !== data.photo) photo.src = data.photo;
  find("opacity").value = Math.round(100 * settings.opacity);
  find("smooth").checked = settings.smooth;
  find("opacity").oninput = (event) => { settings.opacity = event.target.value / 100; draw(); };
  find("smooth").onchange = (event) => { settings.smooth = event.target.checked; draw(); };
  release.onclick = () => choose(null);
  canvas.onclick = (event) => {
    const box = canvas.getBoundingClientRect();
    const row = Math.min(rows - 1, Math.max(0, Math.floor((event.clientY - box.top) / box.height * rows)));
    const column = Math.min(columns - 1, Math.max(0, Math.floor((event.clientX - box.left) / box.width * columns)));
    choose(row * columns + column);
  };
  canvas.onkeydown = (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (event.key === "Escape") choose(null);
    if (!step) return;
    event.preventDefault();
    const at = state.patch ?? Math.floor(rows / 2) * columns + Math.floor(columns / 2);
    const row = Math.min(rows - 1, Math.max(0, Math.floor(at / columns) + step[0]));
    const column = Math.min(columns - 1, Math.max(0, (at % columns) + step[1]));
    choose(row * columns + column);
  };
  const watcher = new ResizeObserver(draw);
  watcher.observe(canvas);
  draw();
  return () => watcher.disconnect();
}
