// A patch, or a box of patches, that is looked at or pinned; and which patches are like a patch. A box is its first row
// and column and its last.

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
