// Three panels beside the photo, one at a time.

const TABS = ["matrix", "scores", "numbers"];

function showTab(lens, name) {
  lens.tab = name;
  memory.tab = name;
  for (const each of TABS) {
    const tab = lens.find(`tab-${each}`), open = each === name;
    tab.setAttribute("aria-selected", String(open));
    tab.tabIndex = open ? 0 : -1;
    lens.find(`panel-${each}`).hidden = !open;
  }
  lens.draw();
}

function setUpTabs(lens) {
  for (const name of TABS) lens.find(`tab-${name}`).onclick = () => showTab(lens, name);
  lens.find("tabs").onkeydown = (event) => {
    const open = TABS.filter((name) => !lens.find(`tab-${name}`).hidden);
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const next = open[(open.indexOf(lens.tab) + step + open.length) % open.length];
    showTab(lens, next);
    lens.find(`tab-${next}`).focus();
  };
}
