// One attention layer as vtviz/ui/learn/inside.py packed it, and what follows from its queries, keys and values.

function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const text = new TextDecoder().decode(bytes.subarray(4, 4 + length));
  return { text, blobs: bytes.subarray(4 + length) };
}

function readRecord({ text, blobs }) {
  const data = JSON.parse(text), blob = ([place, size]) => blobs.subarray(place, place + size);
  for (const array of Object.values(data.arrays)) array.values = new Float32Array(blob(array.place).slice().buffer);
  data.colours = blob(data.colours);
  data.diverging = blob(data.diverging);
  data.photoUrl = URL.createObjectURL(new Blob([blob(data.photo)], { type: "image/jpeg" }));
  data.patches = data.grid[0] * data.grid[1];
  data.size = data.arrays.query.shape[2];
  data.isFused = data.kind === "fused";
  data.asksWords = data.kind !== "image→text"; // words may ask
  data.asksPatches = data.kind !== "text→image";
  return data;
}

// Row `row` of head `head` of an array [heads, n, size].
function rowOf({ shape, values }, head, row) {
  const [, rows, size] = shape, from = (head * rows + row) * size;
  return values.subarray(from, from + size);
}

const wideRow = ({ shape, values }, row) => values.subarray(row * shape[1], (row + 1) * shape[1]);

// Where a word or a patch lies on the axis of queries, or of keys.
function placeOn(data, axis, unit) {
  const words = data.words.length, both = data.isFused;
  return unit.side === "word" ? unit.index : (both ? words : 0) + data.extra + unit.index;
}

function unitAt(data, axis, place) {
  const onlyWords = axis === "query" ? data.kind === "text→image" : data.kind === "image→text";
  if (onlyWords || (data.isFused && place < data.words.length)) return { side: "word", index: place };
  return { side: "patch", index: place - data.extra - (data.isFused ? data.words.length : 0) };
}

// Every step for one query: q, and for each key its score, scaled score and weight; the sum of values.
function stepsOf(data, head, query) {
  const { key, value } = data.arrays, q = rowOf(data.arrays.query, head, query), keys = key.shape[1];
  const scores = range(keys).map((at) => dot(q, rowOf(key, head, at)));
  const scaled = scores.map((score) => score / Math.sqrt(data.size));
  const weights = softmax(scaled), mixed = new Float64Array(data.size);
  weights.forEach((weight, at) => rowOf(value, head, at).forEach((number, place) => { mixed[place] += weight * number; }));
  return { q, scores, scaled, weights, mixed };
}

const norm = (numbers) => Math.sqrt(dot(numbers, numbers));
