// Maps as colours: a soft fill with a contour over the photo, or patch by patch.

// Negative values get diverging colours where a person wants to see them.
const isSigned = (lens, attention) => (attention ? lens.data.signedAttention : lens.view().signed && lens.set.against);
const lutOf = (lens, attention) => (isSigned(lens, attention) ? lens.data.diverging : lens.data.colours[lens.set.colours]);

const strength = (value, peak) => (peak > 0 ? Math.sqrt(Math.min(1, Math.abs(value) / peak)) : 0);

// `bytes` [4 a patch] of a map. Over a photo the low end is clear; without one everything is opaque.
function colourCells(bytes, map, peak, lut, signed, opacity) {
  for (let i = 0; i < map.length; i++) {
    // What 8 bits cannot tell from nothing must not look like something: the root would make it plain to see.
    const much = signed && Math.abs(map[i]) * 255 <= peak ? 0 : strength(map[i], peak);
    const at = 3 * Math.round(signed ? 127.5 + 127.5 * Math.sign(map[i]) * much : 255 * much);
    bytes[4 * i] = lut[at];
    bytes[4 * i + 1] = lut[at + 1];
    bytes[4 * i + 2] = lut[at + 2];
    bytes[4 * i + 3] = opacity === null ? 255 : Math.round(255 * opacity * much);
  }
}

function cellsOf(lens, { map, peak, attention }, opacity) {
  const [rows, columns] = lens.data.grid;
  if (!lens.cells || lens.cells.width !== columns || lens.cells.height !== rows) {
    lens.cells = new OffscreenCanvas(columns, rows);
    lens.pixels = new ImageData(columns, rows);
  }
  colourCells(lens.pixels.data, map, peak, lutOf(lens, attention), isSigned(lens, attention), opacity);
  lens.cells.getContext("2d").putImageData(lens.pixels, 0, 0);
  return lens.cells;
}

function outline(context, lens, width, height, sharp) {
  const { left, top, wide, high } = regionBox(lens);
  const [x, y, w, h] = [left * width, top * height, wide * width, high * height];
  for (const [line, colour] of [[4, "#000"], [2, "#fff"]]) {
    context.lineWidth = line * sharp;
    context.strokeStyle = colour;
    context.strokeRect(x, y, w, h);
  }
}

function drawMap(context, lens, shown, width, height) {
  context.clearRect(0, 0, width, height);
  if (!shown.map) return;
  const opacity = lens.set.opacity / 100;
  if (lens.set.smooth) {
    const lut = lutOf(lens, shown.attention), signed = isSigned(lens, shown.attention);
    drawSoft(context, lens, { ...shown, grid: lens.data.grid, lut, signed, opacity, zoom: lens.zoom.scale }, width, height);
    return;
  }
  context.imageSmoothingEnabled = false;
  context.drawImage(cellsOf(lens, shown, opacity), 0, 0, width, height);
}

function paintStage(lens, shown) {
  showPatch(lens);
  if (lens.painted === shown.key) return;
  lens.painted = shown.key;
  const canvas = lens.find("canvas"), sharp = window.devicePixelRatio || 1;
  const fine = sharp * Math.min(lens.zoom.scale, 3);
  const width = Math.max(1, Math.round(lens.box.width * fine)), height = Math.max(1, Math.round(lens.box.height * fine));
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  drawMap(canvas.getContext("2d"), lens, shown, width, height);
}

function showPatch(lens) {
  const put = (id, region) => {
    const box = lens.find(id);
    box.hidden = region === null;
    if (region === null) return;
    const [left, top, width, height] = [region.left, region.top, region.wide, region.high].map((share) => `${100 * share}%`);
    Object.assign(box.style, { left, top, width, height });
  };
  const like = likenessMap(lens);
  put("patch", regionBox(lens, lens.over.patch));
  put("best", like && boxShares(lens.data, boxOf(lens.data, like.best, like.best)));
}

function paintThumb(lens, canvas, map, peak) {
  const [rows, columns] = lens.data.grid;
  if (canvas.width !== columns || canvas.height !== rows) Object.assign(canvas, { width: columns, height: rows });
  canvas.getContext("2d").drawImage(cellsOf(lens, { map, peak, attention: true }, null), 0, 0);
}

function paintRamp(lens, attention) {
  const lut = lutOf(lens, attention), stops = range(17).map((at) => {
    const place = 3 * Math.round((255 * at) / 16);
    return `rgb(${lut[place]} ${lut[place + 1]} ${lut[place + 2]})`;
  });
  lens.find("ramp").style.background = `linear-gradient(90deg, ${stops.join(", ")})`;
}
