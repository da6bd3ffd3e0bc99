// What vtviz.render.lens.pack wrote, read back; and maps of it. A map is one number a patch, row by row.

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function split(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const text = new TextDecoder().decode(bytes.subarray(4, 4 + length));
  return { text, blobs: bytes.subarray(4 + length) };
}

async function decode({ text, blobs }) {
  const data = JSON.parse(text);
  const blob = ([place, size]) => blobs.subarray(place, place + size);
  const floats = async (name) => new Float32Array((await inflate(blob(name))).buffer);
  const rows = async (packed) => {
    const [bytes, step, low] = await Promise.all(
      [inflate(blob(packed.bytes)), floats(packed.step), packed.low ? floats(packed.low) : null]);
    return { shape: packed.shape, bytes, step, low };
  };
  const put = async (holder, name) => { holder[name] = await rows(holder[name]); };
  data.views.forEach((view, at) => Object.assign(view, { label: data.methods[at], limit: data.limits[at] }));
  await Promise.all([
    ...data.layers.flatMap(({ blocks }) => Object.keys(blocks).map((name) => put(blocks, name))),
    ...data.views.flatMap((view) => [put(view, "maps"), put(view, "whole")]),
  ]);
  if (data.alike) await put(data, "alike");
  for (const name of Object.keys(data.colours)) data.colours[name] = blob(data.colours[name]);
  data.diverging = blob(data.diverging);
  data.signedAttention = data.layers.some((layer) => Object.values(layer.blocks).some((block) => block.low));
  data.photo = new Blob([blob(data.photo)], { type: "image/jpeg" });
  data.patches = data.grid[0] * data.grid[1];
  data.words.forEach((word, place) => {
    word.pieces = data.pieces.flatMap(([, owner], piece) => (owner === place ? [piece] : []));
  });
  data.kinds = ["text→image", "image→text", "fused", "image", "text"].filter((kind) =>
    data.layers.some((layer) => layer.kind === kind));
  return data;
}

const valueAt = (block, row, column) => {
  const width = block.shape[block.shape.length - 1];
  return (block.low ? block.low[row] : 0) + block.step[row] * block.bytes[row * width + column];
};

function addRow(out, block, row, share) {
  const width = out.length, from = row * width, step = block.step[row] * share;
  const low = block.low ? block.low[row] * share : 0;
  for (let i = 0; i < width; i++) out[i] += low + step * block.bytes[from + i];
}

const range = (count) => Array.from({ length: count }, (_, at) => at);

// The tokens a person picks among: words, or their pieces.
function unitsOf(data, pieces) {
  if (!pieces) return data.words;
  return data.pieces.map(([text, owner], piece) => ({
    text, pieces: [piece], unknown: data.words[owner].unknown, inside: data.words[owner].pieces[0] !== piece,
  }));
}

const layersOf = (data, kind) => data.layers.filter((layer) => layer.kind === kind);

function relevanceMap(data, view, pieces) {
  const out = new Float32Array(data.patches);
  if (pieces.length === 0) addRow(out, view.whole, 0, 1);
  else for (const piece of pieces) addRow(out, view.maps, piece, 1 / pieces.length);
  return out;
}

// What speaks for: negative values speak against, and are left out.
const positive = (map) => map.map((value) => Math.max(0, value));

// Where `pieces` (all of them where there are none) or `patch` look in the given layers (mean) and head ("mean": all).
// Null where these layers draw no map of that, or are still with the server.
function attentionMap(data, layers, head, pieces, patch) {
  const out = new Float32Array(data.patches);
  const asked = pieces.length ? pieces : range(data.pieces.length);
  for (const layer of layers) {
    const heads = head === "mean" ? range(layer.heads) : [head];
    const share = 1 / (layers.length * heads.length);
    const { text_image, image_text, image_image, summary } = layer.blocks;
    for (const h of heads) {
      if (text_image) {
        for (const piece of asked) addRow(out, text_image, h * data.pieces.length + piece, share / asked.length);
      } else if (image_text) {
        for (let p = 0; p < data.patches; p++) {
          for (const piece of asked) out[p] += share * valueAt(image_text, h * data.patches + p, piece);
        }
      } else if (image_image && patch !== null) addRow(out, image_image, h * data.patches + patch, share);
      else if (summary && patch === null) addRow(out, summary, h, share);
      else return null;
    }
  }
  return layers.length ? out : null;
}

// How much patches, in their mean, speak to each piece: attention of the patches to the pieces where the layers have it,
// else of the pieces to the patches, else what the relevance maps say about them.
function patchPieces(data, view, layers, head, patches) {
  const count = data.pieces.length, out = new Float32Array(count);
  for (const patch of patches) addPatch(out, data, view, layers, head, patch, 1 / patches.length);
  return out;
}

function addPatch(out, data, view, layers, head, patch, part) {
  const count = data.pieces.length;
  const usable = layers.length && layers.every((layer) => layer.blocks.image_text || layer.blocks.text_image);
  if (!usable) {
    for (let piece = 0; piece < count; piece++) out[piece] += part * valueAt(view.maps, piece, patch);
    return;
  }
  for (const layer of layers) {
    const heads = head === "mean" ? range(layer.heads) : [head];
    const share = part / (layers.length * heads.length);
    const { text_image, image_text } = layer.blocks;
    for (const h of heads) {
      if (image_text) addRow(out, image_text, h * data.patches + patch, share);
      else for (let piece = 0; piece < count; piece++) out[piece] += share * valueAt(text_image, h * count + piece, patch);
    }
  }
}

// How much the asked pieces attend to each piece of the text.
function textPieces(data, layers, head, pieces) {
  const count = data.pieces.length, out = new Float32Array(count);
  const asked = pieces.length ? pieces : range(count);
  for (const layer of layers) {
    if (!layer.blocks.text_text) return null;
    const heads = head === "mean" ? range(layer.heads) : [head];
    for (const h of heads) {
      for (const piece of asked) {
        addRow(out, layer.blocks.text_text, h * count + piece, 1 / (layers.length * heads.length * asked.length));
      }
    }
  }
  return out;
}

const largest = (values) => values.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0);
