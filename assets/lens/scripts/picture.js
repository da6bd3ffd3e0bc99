// The view as a file: PNG at the photo's size, SVG with patches as shapes and the words as text.

const LINE = 22; // pixels for a line of words under a picture

// What a saved picture says: the sentence, the answer, whose map it is and when it misleads, and what made it.
function footOf(lens) {
  const { data } = lens, { labels, about } = data, view = lens.view();
  const limit = lens.set.show === "attention" ? "" : view.limit;
  const made = [about.model, "vtviz", about.date, about.link || (data.panels ? location.href : "")].filter(Boolean).join(" · ");
  return [data.text, about.answer, lens.describe(), limit && labels.limit.replace("{text}", () => limit), made].filter(Boolean);
}

function save(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const fileName = (lens, ending) => `vtviz-${lens.data.name.slice(0, 16)}.${ending}`;

function viewSize(lens) {
  const photo = lens.find("photo");
  const scale = Math.max(1, 1000 / photo.naturalWidth);
  return [Math.round(photo.naturalWidth * scale), Math.round(photo.naturalHeight * scale)];
}

async function savePng(lens) {
  const [width, height] = viewSize(lens), shown = lens.shown(), foot = footOf(lens), whole = height + LINE * (foot.length + 0.6);
  const canvas = Object.assign(document.createElement("canvas"), { width, height: whole });
  const context = canvas.getContext("2d"), over = new OffscreenCanvas(width, height);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, whole);
  context.save();
  const { scale, x, y } = lens.zoom, [sx, sy] = [width / lens.box.width, height / lens.box.height];
  context.beginPath();
  context.rect(0, 0, width, height);
  context.clip();
  context.translate(x * sx, y * sy);
  context.scale(scale, scale);
  context.drawImage(lens.find("photo"), 0, 0, width, height);
  drawMap(over.getContext("2d"), lens, shown, width, height);
  if (regionBox(lens)) outline(over.getContext("2d"), lens, width, height, width / 700);
  const from = lens.set.split === null ? 0 : (((lens.set.split / 100) * lens.box.width - x) / scale) * sx;
  context.beginPath();
  context.rect(from, 0, width, height);
  context.clip();
  context.drawImage(over, 0, 0);
  context.restore();
  context.fillStyle = "#222";
  context.font = "16px system-ui, sans-serif";
  foot.forEach((text, at) => context.fillText(text, 12, height + LINE * (at + 1), width - 24));
  canvas.toBlob((blob) => save(fileName(lens, "png"), blob), "image/png");
}

const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes, children = []) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function svgPatches(lens, shown, width, height) {
  const [rows, columns] = lens.data.grid, w = width / columns, h = height / rows, bytes = new Uint8ClampedArray(4 * lens.data.patches);
  colourCells(bytes, shown.map, shown.peak, lutOf(lens, shown.attention), isSigned(lens, shown.attention), lens.set.opacity / 100);
  return range(lens.data.patches).filter((i) => bytes[4 * i + 3] > 0).map((i) => shape("rect", {
    x: (i % columns) * w, y: Math.floor(i / columns) * h, width: w, height: h,
    fill: `rgb(${bytes[4 * i]},${bytes[4 * i + 1]},${bytes[4 * i + 2]})`, "fill-opacity": (bytes[4 * i + 3] / 255).toFixed(3),
  }));
}

async function svgMap(lens, shown, width, height) {
  if (!shown.map) return [];
  if (!lens.set.smooth) return svgPatches(lens, shown, width, height);
  const canvas = new OffscreenCanvas(width, height);
  drawMap(canvas.getContext("2d"), lens, shown, width, height);
  return [shape("image", { href: await dataUrl(await canvas.convertToBlob()), width, height })];
}

const dataUrl = (blob) => new Promise((done) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result);
  reader.readAsDataURL(blob);
});

async function saveSvg(lens) {
  const [width, height] = viewSize(lens), { scale, x, y } = lens.zoom, sx = width / lens.box.width, sy = height / lens.box.height;
  const moved = { transform: `translate(${x * sx} ${y * sy}) scale(${scale})` };
  const from = lens.set.split === null ? 0 : (lens.set.split / 100) * width;
  const clip = (id, left) => shape("clipPath", { id }, [shape("rect", { x: left, y: 0, width: width - left, height })]);
  const photo = shape("image", { href: await dataUrl(lens.data.photo), width, height });
  const patch = regionBox(lens) === null ? [] : svgOutline(lens, width, height);
  const foot = footOf(lens), whole = height + LINE * (foot.length + 0.6);
  const words = foot.map((text, at) => {
    const made = shape("text", { x: 12, y: height + LINE * (at + 1), "font-family": "system-ui, sans-serif", "font-size": 16, fill: "#222" });
    made.textContent = text;
    return made;
  });
  const svg = shape("svg", { xmlns: SVG, viewBox: `0 0 ${width} ${whole}`, width, height: whole }, [
    shape("defs", {}, [clip("all", 0), clip("map", from)]),
    shape("rect", { width, height: whole, fill: "#fff" }),
    shape("g", { "clip-path": "url(#all)" }, [shape("g", moved, [photo])]),
    shape("g", { "clip-path": "url(#map)" }, [shape("g", moved, [...(await svgMap(lens, lens.shown(), width, height)), ...patch])]),
    ...words,
  ]);
  save(fileName(lens, "svg"), new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" }));
}

function svgOutline(lens, width, height) {
  const { left, top, wide, high } = regionBox(lens);
  const place = { x: left * width, y: top * height, width: wide * width, height: high * height, fill: "none" };
  return [shape("rect", { ...place, stroke: "#000", "stroke-width": 5 }), shape("rect", { ...place, stroke: "#fff", "stroke-width": 2.5 })];
}
