// A map over its photo as a soft fill: what it marks is tinted, the rest is a little darker, and a thin contour runs at
// half of the highest value.

const FINE = 8; // pixels a patch, from where the browser's own smoothing looks the same
const DIM = 0.42, TINT = 0.62; // at full opacity

const smoothstep = (from, to, value) => {
  const t = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return t * t * (3 - 2 * t);
};

// The four weights of Catmull and Rom's cubic for each of FINE places within a patch.
const CUBIC = Array.from({ length: FINE }, (_, place) => {
  const t = (place + 0.5) / FINE - 0.5, u = t < 0 ? t + 1 : t;
  const weights = [-u + 2 * u * u - u * u * u, 2 - 5 * u * u + 3 * u * u * u, u + 4 * u * u - 3 * u * u * u, u * u * u - u * u];
  return { first: t < 0 ? -2 : -1, weights: weights.map((weight) => weight / 2) };
});

// One axis of a grid, FINE times as long: `at(line, place)` reads, `put(line, place, value)` writes.
function stretch(lines, count, at, put) {
  for (let line = 0; line < lines; line++) {
    for (let place = 0; place < count; place++) {
      for (let part = 0; part < FINE; part++) {
        const { first, weights } = CUBIC[part];
        let sum = 0;
        for (let k = 0; k < 4; k++) sum += weights[k] * at(line, Math.min(count - 1, Math.max(0, place + first + k)));
        put(line, FINE * place + part, sum);
      }
    }
  }
}

// `map` with FINE × FINE values a patch, bicubic.
function finer(map, [rows, columns]) {
  const wide = FINE * columns, across = new Float32Array(rows * wide), out = new Float32Array(FINE * rows * wide);
  stretch(rows, columns, (r, c) => map[r * columns + c], (r, c, value) => { across[r * wide + c] = value; });
  stretch(wide, rows, (c, r) => across[r * wide + c], (c, r, value) => { out[r * wide + c] = value; });
  return out;
}

// Bytes of a fine map: a tint where the value is high, black where it is low; both ends of a signed map are tinted.
function softBytes(bytes, fine, peak, lut, signed, opacity) {
  for (let i = 0; i < fine.length; i++) {
    const value = peak > 0 ? fine[i] / peak : 0, much = Math.min(1, signed ? Math.abs(value) : Math.max(0, value));
    const dim = opacity * DIM * (1 - smoothstep(0.1, 0.5, much)), tint = opacity * TINT * smoothstep(0.15, 1, much);
    const at = 3 * Math.round(signed ? 127.5 + 127.5 * Math.sign(value) * much : 255 * much);
    const alpha = 1 - (1 - dim) * (1 - tint), share = alpha > 0 ? tint / alpha : 0;
    for (let c = 0; c < 3; c++) bytes[4 * i + c] = share * lut[at + c];
    bytes[4 * i + 3] = 255 * alpha;
  }
}

// The contour of a fine grid at `level`, as pieces of lines in its own units (marching squares).
function contour(fine, width, height, level) {
  const path = new Path2D();
  const between = (a, b) => (level - a) / (b - a);
  for (let y = 0; y + 1 < height; y++) {
    for (let x = 0; x + 1 < width; x++) {
      const i = y * width + x, a = fine[i], b = fine[i + 1], c = fine[i + width + 1], d = fine[i + width];
      const inside = (a >= level) + 2 * (b >= level) + 4 * (c >= level) + 8 * (d >= level);
      if (inside === 0 || inside === 15) continue;
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
  const fine = finer(map, grid);
  softBytes(keep.finePixels.data, fine, peak, lut, signed, opacity);
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
