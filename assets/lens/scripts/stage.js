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
