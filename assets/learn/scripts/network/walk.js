// One word on its way through the network, block by block, and how much each changes it.

const STEP_MS = 1100;

// Where the text's tokens go: its own lane, what joins both, and the match.
const passed = (view) => range(view.data.blocks.length).filter((index) => {
  const { lane, target } = view.data.blocks[index];
  return target === "match" && lane !== "image";
});

function walk(view, on) {
  clearInterval(view.walking);
  view.walking = null;
  const { find, labels } = view, way = passed(view);
  find("walk").setAttribute("aria-pressed", String(on));
  find("walk").textContent = on ? labels.pause : put(labels.walk, { word: view.data.words[view.word] });
  if (!on) { view.chip.hidden = true; mark(view, null); return; }
  let at = 0;
  const step = () => {
    if (at >= way.length) { view.walked = true; walk(view, false); showOwnTask(view); return; }
    mark(view, way[at]);
    at += 1;
  };
  step();
  view.walking = setInterval(step, STEP_MS);
}

function mark(view, index) {
  view.boxes.forEach((box, at) => box.classList.toggle("reached", at === index));
  if (index === null) return;
  const { data, labels, chip, boxes } = view, block = data.blocks[index], box = boxes[index];
  chip.hidden = false;
  chip.textContent = data.words[view.word];
  chip.style.transform = `translate(${box.offsetLeft + (box.offsetParent === view.find("plan") ? 0 : box.offsetParent?.offsetLeft ?? 0) + 8}px, ${box.offsetTop + box.offsetHeight - 38}px)`;
  box.scrollIntoView({ block: "nearest", inline: "nearest" });
  const values = { word: data.words[view.word], block: labels[`role_${block.role}`], value: block.similarity?.[view.word].toFixed(2), norm: block.norms?.[view.word].toFixed(1) };
  view.find("status").textContent = put(labels[block.similarity ? "walk_said" : "walk_passes"], values);
}

// The task: after the walk, the block that changes the word most.
function showOwnTask(view) {
  const { data, labels } = view;
  view.find("task").hidden = !data.task;
  if (!data.task) return;
  const values = data.blocks.map((block) => block.similarity?.[view.word] ?? Infinity), chosen = data.blocks[view.chosen];
  const now = put(labels.now_block, { block: labels[`role_${chosen.role}`], value: chosen.similarity ? chosen.similarity[view.word].toFixed(2) : "–" });
  const good = view.walked && view.clicked && values[view.chosen] === Math.min(...values);
  showTaskBox(view, data.task, good, view.walked ? now : labels.now_walk);
}
