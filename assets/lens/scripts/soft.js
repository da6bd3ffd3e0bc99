// A map over its photo as a soft fill: what it marks is tinted, the rest is a little darker, and a thin contour runs at
// half of the highest value.

const FINE = 8; // pixels a patch, from where the browser's own smoothing looks the same
const DIM = 0.42, TINT = 0.62; // at full opacity

const smoothstep = (from, to, value) => {
  const t = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return t * t * (3 - 2 * t);
};

// Catmull and Rom's cubic along one axis of `count` patches: for each of FINE × count places, the four patches that it
// is made of and their weights.
const TAPS = new Map();

function tapsOf(count) {
  if (TAPS.has(count)) return TAPS.get(count);
  const from = new Int32Array(4 * FINE * count), weight = new Float32Array(4 * FINE * count);
  for (let place = 0; place < FINE * count; place++) {
    const at = (place + 0.5) / FINE - 0.5, first = Math.floor(at) - 1, u = at - Math.floor(at);
    const weights = [-u + 2 * u * u - u * u * u, 2 - 5 * u * u + 3 * u * u * u, u + 4 * u * u - 3 * u * u * u, u * u * u - u * u];
    for (let k = 0; k < 4; k++) {
      from[4 * place + k] = Math.min(count - 1, Math.max(0, first + k));
      weight[4 * place + k] = weights[k] / 2;
    }
  }
  TAPS.set(count, { from, weight });
  return TAPS.get(count);
}

// `map` with FINE × FINE values a patch, bicubic.
function finer(map, [rows, columns]) {
  const wide = FINE * columns, high = FINE * rows, across = new Float32Array(rows * wide), out = new Float32Array(high * wide);
  const { from: left, weight: much } = tapsOf(columns), { from: top, weight: share } = tapsOf(rows);
  for (let r = 0; r < rows; r++) {
    const base = r * columns;
    for (let x = 0, t = 0; x < wide; x++, t += 4) {
      across[r * wide + x] = much[t] * map[base + left[t]] + much[t + 1] * map[base + left[t + 1]]
        + much[t + 2] * map[base + left[t + 2]] + much[t + 3] * map[base + left[t + 3]];
    }
  }
  for (let y = 0, t = 0; y < high; y++, t += 4) {
    const [a, b, c, d] = [0, 1, 2, 3].map((k) => top[t + k] * wide), [p, q, r, s] = share.subarray(t, t + 4);
    for (let x = 0, at = y * wide; x < wide; x++, at++) {
      out[at] = p * across[a + x] + q * across[b + x] + r * across[c + x] + s * across[d + x];
    }
  }
  return out;
}

// Pixels of the 256 (signed: 511) values that a map can have: a tint where the value is high, black where it is low; both
// ends of a signed map are tinted.
function softTable(lut, signed, opacity) {
  const bytes = new Uint8ClampedArray(4 * (signed ? 511 : 256));
  for (let i = 0; i < bytes.length / 4; i++) {
    const value = signed ? (i - 255) / 255 : i / 255, much = Math.abs(value);
    const dim = opacity * DIM * (1 - smoothstep(0.1, 0.5, much)), tint = opacity * TINT * smoothstep(0.15, 1, much);
    const at = 3 * Math.round(signed ? 127.5 + 127.5 * value : 255 * much);
    const alpha = 1 - (1 - dim) * (1 - tint), part = alpha > 0 ? tint / alpha : 0;
    for (let c = 0; c < 3; c++) bytes[4 * i + c] = part * lut[at + c];
    bytes[4 * i + 3] = 255 * alpha;
  }
  return new Uint32Array(bytes.buffer);
}

function softPixels(pixels, fine, peak, table) {
  const scale = peak > 0 ? 255 / peak : 0, zero = table.length === 511 ? 255 : 0, last = table.length - 1;
  for (let i = 0; i < fine.length; i++) {
    const at = (fine[i] * scale + zero + 0.5) | 0;
    pixels[i] = table[at < 0 ? 0 : at > last ? last : at];
  }
}

// The contour of a fine grid at `level`, as pieces of lines in its own units (marching squares).
function contour(fine, width, height, level) {
  const path = new Path2D();
  const between = (a, b) => (level - a) / (b - a);
  for (let y = 0; y + 1 < height; y++) {
    for (let x = 0; x + 1 < width; x++) {
      const i = y * width + x, a = fine[i], b = fine[i + 1], c = fine[i + width + 1], d = fine[i + width];
      const above = a >= level;
      if (above === b >= level && above === c >= level && above === d >= level) continue;
      const crossings = [];
      if ((a >= level) !== (b >= level)) crossings.push([x + between(a, b), y]);
      if ((b >= level) !== (c >= level)) crossings.push([x + 1, y + between(b, c)]);
      if ((d >= level) !== (c >= level)) crossings.push([x + between(d, c), y + 1]);
      if ((a >= level) !== (d >= level)) crossings.push([x, y + between(a, d)]);
      for (let k = 0; k + 1 < crossings.length; k += 2) {
        path.moveTo(...crossings[k]);
        path.lineTo(...crossings[k + 1]);
      }
    }
  }
  return path;
}

// `keep` holds what is used again for the next map of the same size.
function drawSoft(context, keep, { map, peak, grid, lut, signed, opacity, zoom = 1 }, width, height) {
  const [rows, columns] = grid, w = FINE * columns, h = FINE * rows;
  if (keep.fine?.width !== w || keep.fine.height !== h) {
    keep.fine = new OffscreenCanvas(w, h);
    keep.finePixels = new ImageData(w, h);
  }
  if (keep.table?.lut !== lut || keep.table.signed !== signed || keep.table.opacity !== opacity) {
    keep.table = { lut, signed, opacity, pixels: softTable(lut, signed, opacity) };
  }
  const fine = finer(map, grid);
  softPixels(new Uint32Array(keep.finePixels.data.buffer), fine, peak, keep.table.pixels);
  keep.fine.getContext("2d").putImageData(keep.finePixels, 0, 0);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "low";
  context.drawImage(keep.fine, 0, 0, width, height);
  if (!(peak > 0) || opacity === 0) return;
  context.save();
  context.scale(width / w, height / h);
  context.translate(0.5, 0.5);
  const line = (w / width) * (window.devicePixelRatio || 1) * Math.max(1, Math.min(zoom, 3));
  for (const level of signed ? [peak / 2, -peak / 2] : [peak / 2]) {
    const path = contour(fine, w, h, level);
    for (const [thick, colour] of [[3, "rgb(0 0 0 / 0.55)"], [1.4, level > 0 ? "#ffe873" : "#fff"]]) {
      context.lineWidth = thick * line;
      context.strokeStyle = colour;
      context.stroke(path);
    }
  }
  context.restore();
}
