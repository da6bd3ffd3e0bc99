// Patches that are marked with a brush, a box or the keyboard, to be hidden, kept, moved, cut off or pushed.

const marksOf = (bench) => bench.state.marked;
const cellOf = (bench, patch) => [Math.floor(patch / bench.data.grid[1]), patch % bench.data.grid[1]];

function patchUnder(bench, canvas, event) {
  const [rows, columns] = bench.data.grid, box = canvas.getBoundingClientRect();
  const inside = (at, count) => Math.min(count - 1, Math.max(0, Math.floor(at * count)));
  return inside((event.clientY - box.top) / box.height, rows) * columns + inside((event.clientX - box.left) / box.width, columns);
}

// All patches on the straight way from one to another, so that a quick stroke has no holes.
function strokeBetween(bench, from, to) {
  const [[a, b], [c, d]] = [cellOf(bench, from), cellOf(bench, to)], steps = Math.max(Math.abs(a - c), Math.abs(b - d), 1);
  return range(steps + 1).map((at) => Math.round(a + ((c - a) * at) / steps) * bench.data.grid[1] + Math.round(b + ((d - b) * at) / steps));
}

function boxBetween(bench, from, to) {
  const [[a, b], [c, d]] = [cellOf(bench, from), cellOf(bench, to)];
  const [top, left] = [Math.min(a, c), Math.min(b, d)];
  return range(Math.abs(a - c) + 1).flatMap((row) => range(Math.abs(b - d) + 1).map((column) => (top + row) * bench.data.grid[1] + left + column));
}

function mark(bench, patches) {
  bench.state.marked = new Set(patches);
  bench.marksMoved();
}

function markByPointer(bench, canvas) {
  const { state } = bench;
  let began = null;
  canvas.onpointerdown = (event) => {
    if (event.button) return;
    const patch = patchUnder(bench, canvas, event);
    if (state.moving) { dropMoved(bench, patch); return; }
    canvas.setPointerCapture(event.pointerId);
    const adds = event.shiftKey || event.ctrlKey || event.metaKey;
    began = { patch, last: patch, erase: state.tool === "brush" && marksOf(bench).has(patch), before: state.tool === "brush" || adds ? [...marksOf(bench)] : [] };
    state.cursor = state.anchor = patch;
    stroke(patch);
  };
  const stroke = (patch) => {
    if (state.tool === "box") { mark(bench, [...began.before, ...boxBetween(bench, began.patch, patch)]); return; }
    const marked = new Set(marksOf(bench));
    for (const each of strokeBetween(bench, began.last, patch)) marked[began.erase ? "delete" : "add"](each);
    began.last = patch;
    mark(bench, marked);
  };
  canvas.onpointermove = (event) => {
    const patch = patchUnder(bench, canvas, event);
    if (state.moving) { aimMove(bench, patch); return; }
    if (began && event.buttons) stroke(patch);
  };
  canvas.onpointerup = canvas.onpointercancel = () => { began = null; };
}

const MARK_STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

// Arrows move a cursor, Space marks its patch, Shift and arrows mark a box, Escape clears.
function markByKeys(bench, event) {
  const { state, data } = bench, [rows, columns] = data.grid, step = MARK_STEPS[event.key];
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (state.moving) {
    if (step) { state.moving.rows += step[0]; state.moving.columns += step[1]; bench.marksMoved(); }
    else if (event.key === "Enter" || event.key === " ") commitMove(bench);
    else if (event.key === "Escape") leaveMove(bench);
    else return;
  } else if (step) {
    const [row, column] = cellOf(bench, state.cursor ?? Math.floor(rows / 2) * columns + Math.floor(columns / 2));
    const at = state.cursor === null ? [row, column] : [row + step[0], column + step[1]];
    if (event.shiftKey && state.anchor === null) state.anchor = state.cursor;
    state.cursor = Math.min(rows - 1, Math.max(0, at[0])) * columns + Math.min(columns - 1, Math.max(0, at[1]));
    if (event.shiftKey) mark(bench, boxBetween(bench, state.anchor ?? state.cursor, state.cursor));
    else { state.anchor = state.cursor; bench.marksMoved(); }
  } else if (event.key === " " && state.cursor !== null) {
    const marked = new Set(marksOf(bench));
    marked[marked.has(state.cursor) ? "delete" : "add"](state.cursor);
    mark(bench, marked);
  } else if (event.key === "Escape") mark(bench, []);
  else if (event.key === "Delete" || event.key === "Backspace") bench.find("hide").click();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

// Moving a copy: the marked region follows the pointer or the arrows until it is put down.
function startMove(bench) {
  if (bench.state.moving) { leaveMove(bench); return; }
  bench.state.moving = { rows: 0, columns: 0 };
  bench.marksMoved();
  bench.find("now").querySelector(".marks").focus({ preventScroll: true });
}

function leaveMove(bench) {
  bench.state.moving = null;
  bench.marksMoved();
}

function aimMove(bench, patch) {
  const cells = [...marksOf(bench)].map((each) => cellOf(bench, each)), [row, column] = cellOf(bench, patch);
  const middle = (at) => Math.round(cells.reduce((sum, cell) => sum + cell[at], 0) / cells.length);
  Object.assign(bench.state.moving, { rows: row - middle(0), columns: column - middle(1) });
  bench.marksMoved();
}

function dropMoved(bench, patch) {
  aimMove(bench, patch);
  commitMove(bench);
}

function commitMove(bench) {
  const { rows, columns } = bench.state.moving;
  leaveMove(bench);
  if (rows || columns) bench.add({ change: "move", patches: [...marksOf(bench)].sort((a, b) => a - b), rows, columns, copy: true });
}

function drawMarks(bench, canvas) {
  const [rows, columns] = bench.data.grid, box = canvas.getBoundingClientRect(), sharp = window.devicePixelRatio || 1;
  const width = Math.max(1, Math.round(box.width * sharp)), height = Math.max(1, Math.round(box.height * sharp));
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d"), [w, h] = [width / columns, height / rows];
  context.clearRect(0, 0, width, height);
  const outlineOf = (marked, dash) => {
    const path = new Path2D();
    for (const patch of marked) {
      const [row, column] = cellOf(bench, patch), [x, y] = [column * w, row * h];
      const edge = (beside, from, to) => { if (!beside) { path.moveTo(...from); path.lineTo(...to); } };
      edge(row > 0 && marked.has(patch - columns), [x, y], [x + w, y]);
      edge(row < rows - 1 && marked.has(patch + columns), [x, y + h], [x + w, y + h]);
      edge(column > 0 && marked.has(patch - 1), [x, y], [x, y + h]);
      edge(column < columns - 1 && marked.has(patch + 1), [x + w, y], [x + w, y + h]);
    }
    context.setLineDash(dash.map((length) => length * sharp));
    for (const [line, colour] of [[4, "rgb(0 0 0 / 0.8)"], [2, "#fff"]]) {
      context.lineWidth = line * sharp;
      context.strokeStyle = colour;
      context.stroke(path);
    }
    context.setLineDash([]);
  };
  const marked = marksOf(bench);
  context.fillStyle = "rgb(255 255 255 / 0.22)";
  for (const patch of marked) {
    const [row, column] = cellOf(bench, patch);
    context.fillRect(column * w, row * h, w, h);
  }
  outlineOf(marked, []);
  if (bench.state.moving) {
    const { rows: down, columns: right } = bench.state.moving;
    const moved = [...marked].map((patch) => cellOf(bench, patch)).map(([row, column]) => [row + down, column + right])
      .filter(([row, column]) => row >= 0 && column >= 0 && row < rows && column < columns).map(([row, column]) => row * columns + column);
    outlineOf(new Set(moved), [5, 4]);
  }
  if (bench.state.cursor !== null && canvas.matches(":focus-visible")) outlineOf(new Set([bench.state.cursor]), [2, 2]);
}
