// The network: its plan, what the chosen block does, and one word's walk through it.

const networks = new WeakMap();

function newNetwork(root) {
  const view = { root, find: (id) => root.querySelector(`#${id}`), chosen: 0, word: 0, walked: false, clicked: false };
  view.choose = (index) => {
    Object.assign(view, { chosen: index, clicked: true });
    if (!view.data.task) putInAddress({ part: "network", block: view.data.blocks[index].name });
    view.draw();
  };
  view.draw = () => {
    const { data, labels } = view;
    view.boxes.forEach((box, index) => {
      const block = data.blocks[index];
      box.setAttribute("aria-pressed", String(index === view.chosen));
      box.tabIndex = index === view.chosen ? 0 : -1;
      box.same.textContent = block.similarity ? put(labels.block_same, { value: block.similarity[view.word].toFixed(2) }) : "";
    });
    [...view.find("words").children].forEach((button, index) => {
      button.setAttribute("aria-pressed", String(index === view.word));
      button.tabIndex = index === view.word ? 0 : -1;
    });
    inspect(view);
    showOwnTask(view);
  };
  return view;
}

function showNetworkWords(view) {
  const { data, labels } = view, box = view.find("words");
  box.setAttribute("aria-label", labels.walk_word);
  box.replaceChildren(...data.words.map((text, index) => {
    const button = make("button", { type: "button", className: index < data.real[0] || index >= data.real[1] ? "special" : "" }, text);
    button.addEventListener("click", () => { view.word = index; walk(view, false); view.draw(); });
    return button;
  }));
  box.onkeydown = (event) => moveWithin([[...box.children]], event, (button) => { button.focus(); button.click(); });
}

function receiveNetwork(view, data) {
  const before = view.data;
  Object.assign(view, { data, labels: data.labels });
  if (!before || before.name !== data.name || before.task?.lesson !== data.task?.lesson) {
    const named = data.blocks.findIndex((block) => block.name === data.asked), fused = data.blocks.findIndex((block) => block.lane === "fusion");
    const long = range(data.words.length).slice(...data.real).reduce((most, index) => (data.words[index].length > data.words[most].length ? index : most), data.real[0]);
    Object.assign(view, { chosen: Math.max(0, named >= 0 ? named : fused), word: long, walked: false, clicked: false, done: false });
  }
  view.done ||= data.done;
  for (const element of view.root.querySelectorAll("[data-say]")) element.textContent = data.labels[element.dataset.say];
  view.find("plan").replaceChildren();
  showNetworkWords(view);
  buildPlan(view);
  walk(view, false);
  view.find("walk").onclick = () => walk(view, !view.walking);
  view.find("status").textContent = put(data.labels.network_said, { blocks: data.blocks.length, parameters: millions(data.parameters) });
  view.draw();
}

export default function mountNetwork(component) {
  const { data, parentElement: root, setStateValue } = component;
  const view = networks.get(root) ?? newNetwork(root);
  networks.set(root, view);
  view.tell = setStateValue;
  try {
    const text = JSON.stringify(data);
    if (view.text !== text) receiveNetwork(view, data);
    view.text = text;
    restoreLessons(view, data.task);
  } catch (error) {
    console.error(error);
    view.find("trouble").textContent = data.labels.trouble;
    view.find("trouble").hidden = false;
  }
  return () => { clearInterval(view.walking); networks.delete(root); };
}
