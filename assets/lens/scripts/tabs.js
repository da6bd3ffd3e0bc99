// The panels beside the photo, one at a time. Those that the server draws stand below the tabs of a page; the tab says
// which one is seen (see theme.css).

const PANELS = ["matrix", "scores", "numbers"], SERVED = ["method", "trust", "change"];
const TABS = [...PANELS, ...SERVED];

function showTab(lens, name) {
  lens.tab = lens.find(`tab-${name}`).hidden && SERVED.includes(name) ? "scores" : name;
  memory.tab = lens.tab;
  for (const each of TABS) {
    const tab = lens.find(`tab-${each}`), open = each === lens.tab;
    tab.setAttribute("aria-selected", String(open));
    tab.tabIndex = open ? 0 : -1;
    if (PANELS.includes(each)) lens.find(`panel-${each}`).hidden = !open;
  }
  lens.find("panels").hidden = SERVED.includes(lens.tab);
  if (lens.data.panels) document.documentElement.dataset.panel = lens.tab;
  lens.draw();
}

function setUpTabs(lens) {
  const sheet = document.documentElement.dataset;
  for (const name of SERVED) lens.find(`tab-${name}`).hidden = !lens.data.served.includes(name);
  for (const name of TABS) {
    lens.find(`tab-${name}`).onclick = () => {
      sheet.sheet = sheet.sheet === "open" && name === lens.tab ? "" : "open"; // on a phone the panels are a sheet
      showTab(lens, name);
    };
  }
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
