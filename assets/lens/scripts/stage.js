// The photo under the map: patches by pointer and arrow keys, zoom, pan, pinch, and the slider between photo and map.

function patchAt(lens, event) {
  const [rows, columns] = lens.data.grid, box = lens.find("canvas").getBoundingClientRect();
  const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
  const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
  return row < 0 || column < 0 || row >= rows || column >= columns ? null : row * columns + column;
}

function movePatch(lens, step) {
  const [rows, columns] = lens.data.grid;
  const at = lens.set.patch ?? Math.floor(rows / 2) * columns + Math.floor(columns / 2);
  const row = Math.min(rows - 1, Math.max(0, Math.floor(at / columns) + step[0]));
  const column = Math.min(columns - 1, Math.max(0, (at % columns) + step[1]));
  lens.over.patch = null; // the pointer may still rest on another
  lens.pin({ patch: row * columns + column });
}

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function zoomTo(lens, scale, x = lens.box.width / 2, y = lens.box.height / 2) {
  const before = lens.zoom, next = Math.min(8, Math.max(1, scale));
  const moved = (origin, from) => origin - ((origin - from) * next) / before.scale;
  panTo(lens, moved(x, before.x), moved(y, before.y), next);
}

function panTo(lens, x, y, scale = lens.zoom.scale) {
  const inside = (value, size) => Math.min(0, Math.max(size - size * scale, value));
  lens.zoom = { scale, x: inside(x, lens.box.width), y: inside(y, lens.box.height) };
  lens.find("view").style.transform = `translate(${lens.zoom.x}px, ${lens.zoom.y}px) scale(${scale})`;
  lens.find("view").style.setProperty("--zoom", scale);
  lens.find("stage").classList.toggle("zoomed", scale > 1);
  lens.find("zoom-level").textContent = `${Math.round(100 * scale)}%`;
  lens.draw();
}

function setUpStage(lens) {
  const stage = lens.find("stage"), canvas = lens.find("canvas"), fingers = new Map();
  let began = null;
  const local = (point) => {
    const box = stage.getBoundingClientRect();
    return [point.clientX - box.left, point.clientY - box.top];
  };
  const spread = () => {
    const [[a, b], [c, d]] = [...fingers.values()].map(local);
    return { gap: Math.hypot(a - c, b - d), x: (a + c) / 2, y: (b + d) / 2 };
  };
  canvas.onpointerdown = (event) => {
    fingers.set(event.pointerId, event);
    began = { x: event.clientX, y: event.clientY, zoom: lens.zoom, moved: false };
    if (fingers.size === 2) began = { ...began, pinch: spread(), moved: true };
    began.patch = event.pointerType !== "touch" && (lens.zoom.scale === 1 || event.shiftKey) ? patchAt(lens, event) : null;
    if (lens.zoom.scale > 1 || began.patch !== null) canvas.setPointerCapture(event.pointerId);
  };
  canvas.onpointermove = (event) => {
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, event);
    if (fingers.size === 2 && began?.pinch) {
      const now = spread();
      lens.zoom = began.zoom;
      zoomTo(lens, (began.zoom.scale * now.gap) / Math.max(began.pinch.gap, 1), now.x, now.y);
    } else if (began?.patch != null && event.buttons) {
      const patch = nearestPatch(lens, event);
      began.moved ||= patch !== began.patch;
      lens.over.patch = null;
      if (began.moved) lens.pin({ box: boxOf(lens.data, began.patch, patch), patch: null }, false);
    } else if (began && event.buttons && lens.zoom.scale > 1) {
      const [dx, dy] = [event.clientX - began.x, event.clientY - began.y];
      began.moved ||= Math.hypot(dx, dy) > 4;
      if (began.moved) panTo(lens, began.zoom.x + dx, began.zoom.y + dy);
    } else if (event.pointerType !== "touch") lens.look({ patch: patchAt(lens, event) });
  };
  canvas.onpointerup = canvas.onpointercancel = (event) => {
    fingers.delete(event.pointerId);
    if (began?.moved && lens.set.box) lens.report();
  };
  canvas.onpointerleave = () => lens.look({ patch: null });
  canvas.onclick = (event) => {
    const patch = patchAt(lens, event);
    if (!began?.moved && patch !== null) lens.pin({ patch: patch === lens.set.patch ? null : patch });
    began = null;
  };
  canvas.onkeydown = (event) => {
    const step = STEPS[event.key];
    if (event.key === "Escape") lens.pin({ patch: null, box: null });
    else if (step && event.shiftKey && lens.zoom.scale === 1) growBox(lens, step);
    else if (step && event.shiftKey) panTo(lens, lens.zoom.x - 60 * step[1], lens.zoom.y - 60 * step[0]);
    else if (step) movePatch(lens, step);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey) return; // a plain wheel scrolls the page
    event.preventDefault();
    zoomTo(lens, lens.zoom.scale * Math.exp(-event.deltaY / 300), ...local(event));
  }, { passive: false });
  setUpSplit(lens, stage);
}

function setUpSplit(lens, stage) {
  const handle = lens.find("split");
  const put = (value) => lens.pin({ split: Math.min(100, Math.max(0, Math.round(value))) });
  handle.onpointerdown = (event) => { handle.setPointerCapture(event.pointerId); event.preventDefault(); handle.focus(); };
  handle.onpointermove = (event) => {
    if (!event.buttons) return;
    const box = stage.getBoundingClientRect();
    put((100 * (event.clientX - box.left)) / box.width);
  };
  handle.onkeydown = (event) => {
    const step = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10 }[event.key];
    if (step) put(lens.set.split + step);
    else if (event.key === "Home") put(0);
    else if (event.key === "End") put(100);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
}

function showSplit(lens) {
  const { split } = lens.set, handle = lens.find("split"), canvas = lens.find("canvas");
  handle.hidden = split === null;
  lens.find("split-labels").hidden = split === null;
  if (split === null) { canvas.style.clipPath = ""; return; }
  // The slider stays where it is on screen while the photo is zoomed and moved under it.
  const at = ((split / 100) * lens.box.width - lens.zoom.x) / lens.zoom.scale;
  canvas.style.clipPath = `inset(0 0 0 ${at}px)`;
  handle.style.left = `${split}%`;
  handle.setAttribute("aria-valuenow", split);
}

const LEAST_ROOM = 240, GAP = 8; // pixels

// The photo is as high as the window has room for below what stands above it.
function fitRoom(lens) {
  const scroller = document.querySelector("[data-testid=stMain]"), top = lens.find("stage").getBoundingClientRect().top;
  const scrolled = scroller?.scrollTop ?? window.scrollY;
  const below = lens.data.below.map((name) => document.querySelector(`.st-key-${name}`)?.offsetHeight ?? 0)
    .reduce((sum, height) => sum + height + GAP, lens.find("legend").offsetHeight + 3 * GAP);
  const room = Math.max(LEAST_ROOM, Math.round(window.innerHeight - top - scrolled - below));
  if (room === lens.room) return;
  lens.room = room;
  const parts = [lens.find("lens"), lens.panels.querySelector("#side"), ...(lens.data.panels ? [document.documentElement] : [])];
  for (const part of parts) part.style.setProperty("--room", `${room}px`);
}

// A patch, or a box of patches, that is looked at or pinned: a box is its first row and column and its last.

const boxOf = (data, one, other) => {
  const columns = data.grid[1], [a, b] = [Math.floor(one / columns), Math.floor(other / columns)], [c, d] = [one % columns, other % columns];
  return [Math.min(a, b), Math.min(c, d), Math.max(a, b), Math.max(c, d)];
};

const isBox = (data, box) => Array.isArray(box) && box.length === 4 && box[0] <= box[2] && box[1] <= box[3]
  && box[2] < data.grid[0] && box[3] < data.grid[1];

const boxShares = (data, [top, left, bottom, right]) => ({
  left: left / data.grid[1], top: top / data.grid[0], wide: (right - left + 1) / data.grid[1], high: (bottom - top + 1) / data.grid[0],
});

// The patches that the words are shaded for; null where there are none.
function regionOf(lens) {
  const { data, over, set } = lens;
  if (over.patch !== null) return [over.patch];
  if (set.box === null) return set.patch === null ? null : [set.patch];
  const [top, left, bottom, right] = set.box;
  return range(bottom - top + 1).flatMap((row) => range(right - left + 1).map((column) => (top + row) * data.grid[1] + left + column));
}

// Where they lie, as shares of the photo; null where there are none.
function regionBox(lens, over = null) {
  const { data, set } = lens, patch = over ?? (set.box ? null : set.patch);
  if (patch !== null) return boxShares(data, boxOf(data, patch, patch));
  return set.box ? boxShares(data, set.box) : null;
}

function nearestPatch(lens, event) {
  const [rows, columns] = lens.data.grid, box = lens.find("canvas").getBoundingClientRect();
  const inside = (at, count) => Math.min(count - 1, Math.max(0, Math.floor(at * count)));
  return inside((event.clientY - box.top) / box.height, rows) * columns + inside((event.clientX - box.left) / box.width, columns);
}

// Shift and an arrow: the box grows or shrinks at the side that moves.
function growBox(lens, [down, right]) {
  const { data, set } = lens, [rows, columns] = data.grid;
  const middle = Math.floor(rows / 2) * columns + Math.floor(columns / 2);
  if (!set.box) lens.corners = [set.patch ?? middle, set.patch ?? middle];
  const [from, to] = lens.corners ?? [set.box[0] * columns + set.box[1], set.box[2] * columns + set.box[3]];
  const row = Math.min(rows - 1, Math.max(0, Math.floor(to / columns) + down));
  const column = Math.min(columns - 1, Math.max(0, (to % columns) + right));
  lens.corners = [from, row * columns + column];
  lens.over.patch = null;
  lens.pin({ box: boxOf(data, ...lens.corners), patch: null });
}

// Likeness is sent for when it is first wanted.
function likeOn(lens, on) {
  if (!lens.data?.resembles || lens.alike === on) return;
  lens.alike = on;
  if (on && !lens.data.alike) lens.tell("wanted", { name: lens.data.name, alike: true });
  showControls(lens);
  lens.draw();
}

// How like each patch is to the one that is looked at: cosines from their median upwards. The best match is another patch.
function likenessMap(lens) {
  const { alike } = lens.data, patch = lens.over.patch ?? lens.set.patch;
  if (!lens.alike || !alike || patch === null) return null;
  const cosines = range(lens.data.patches).map((other) => valueAt(alike, patch, other));
  const floor = [...cosines].sort((a, b) => a - b)[Math.floor(cosines.length / 2)];
  const best = range(cosines.length).filter((other) => other !== patch).reduce((top, other) => (cosines[other] > cosines[top] ? other : top), patch ? 0 : 1);
  const map = Float32Array.from(cosines, (value) => Math.max(0, value - floor));
  return { map, peak: 1 - floor, floor, patch, best, cosine: cosines[best] };
}

const likeSaid = (lens, { patch, best, cosine }) => placed(lens, lens.data.labels.alike_status, patch)
  .replace("{best_row}", Math.floor(best / lens.data.grid[1]) + 1).replace("{best_column}", (best % lens.data.grid[1]) + 1)
  .replace("{cosine}", number(cosine));
