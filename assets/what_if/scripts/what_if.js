// The bench of What if. Marking and looking need no server; a change is asked for, and comes back with its outcome.

const benches = new WeakMap();
const STATE = { tool: "box", fill: "blur", strength: 0.5, word: null, over: undefined, moving: null, cursor: null, anchor: null };

function newBench(root) {
  const bench = { root, keep: {}, decoded: new Map(), state: { ...STATE, marked: new Set() }, serial: 0 };
  bench.find = (id) => root.querySelector(`#${id}`);
  bench.tell = (asked) => { bench.serial += 1; bench.find("what-if").setAttribute("aria-busy", "true"); bench.send({ ...asked, serial: bench.serial }); };
  bench.change = (changes) => bench.tell({ do: "change", changes });
  bench.add = (change) => bench.change([...bench.data.changes.filter((other) => !replaces(change, other)), change]);
  bench.marksMoved = () => {
    showTools(bench);
    for (const name of ["base", "now"]) drawMarks(bench, bench.find(name).querySelector(".marks"));
  };
  return bench;
}

async function decodeSide(bench, side, blobs) {
  const { decoded } = bench, [from, size] = side.view;
  if (!decoded.has(side.key)) {
    const data = await decode(split(blobs.subarray(from, from + size)));
    decoded.set(side.key, { ...data, photoUrl: URL.createObjectURL(data.photo) });
  }
  const found = decoded.get(side.key);
  decoded.delete(side.key); // the latest last
  decoded.set(side.key, found);
  return found;
}

function letGo(bench) {
  for (const [key, { photoUrl }] of [...bench.decoded].slice(0, -8)) {
    URL.revokeObjectURL(photoUrl);
    bench.decoded.delete(key);
  }
}

function show(bench) {
  for (const name of ["base", "now"]) { buildStage(bench, name); showSide(bench, name); }
  fillTools(bench);
  showTheWords(bench);
  showHeads(bench);
  showScoreTable(bench);
  showWays(bench);
  showChips(bench);
  showTrials(bench);
  bench.find("promise").textContent = bench.data.promise;
  bench.marksMoved();
  drawMaps(bench);
  bench.find("what-if").setAttribute("aria-busy", "false");
  globalThis.vtvizFocus = () => { bench.find("words").querySelector("button")?.focus(); return true; };
}

export default async function mountWhatIf({ data: bytes, parentElement: root, setTriggerValue }) {
  const bench = benches.get(root) ?? newBench(root);
  benches.set(root, bench);
  bench.send = (asked) => setTriggerValue("asked", asked);
  const packed = split(bytes), turn = packed.text;
  bench.turn = turn;
  if (bench.text !== turn) {
    const data = JSON.parse(turn);
    for (const side of Object.values(data.sides)) side.decoded = await decodeSide(bench, side, packed.blobs);
    if (bench.turn !== turn) return () => {}; // something newer came meanwhile
    if (bench.data?.name !== data.name) Object.assign(bench.state, { word: null, over: undefined, moving: null, cursor: null, anchor: null, marked: new Set() });
    Object.assign(bench, { data, text: turn });
    letGo(bench);
    if (!bench.ready) setUpTools(bench);
    bench.ready = true;
    show(bench);
    bench.watcher ??= new ResizeObserver(() => { drawMaps(bench); bench.marksMoved(); });
    for (const name of ["base", "now"]) bench.watcher.observe(bench.find(name).querySelector(".stage"));
  }
  return () => { bench.watcher?.disconnect(); benches.delete(root); };
}
