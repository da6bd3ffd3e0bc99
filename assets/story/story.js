// The story: one moment at a time, its lens mounted when it is first shown, in a shadow of its own.

const byId = (id) => document.getElementById(id);
const moments = [...document.querySelectorAll(".moment")], listed = [...document.querySelectorAll("#list button")];
let shownMoment = 0, inOverview = false;

function mountMoment(moment) {
  const place = moment.querySelector(".place");
  if (place.shadowRoot) return;
  const shadow = place.attachShadow({ mode: "open" });
  shadow.append(byId("lens-parts").content.cloneNode(true));
  const packed = atob(moment.querySelector(".lens-data").textContent);
  mountLens({
    data: Uint8Array.from(packed, (letter) => letter.charCodeAt(0)), parentElement: shadow, setStateValue() {}, setTriggerValue() {},
  });
}

function tell() {
  moments.forEach((moment, at) => { moment.hidden = inOverview || at !== shownMoment; });
  byId("list").hidden = !inOverview;
  byId("overview").setAttribute("aria-pressed", String(inOverview));
  byId("previous").disabled = inOverview || shownMoment === 0;
  byId("next").disabled = inOverview || shownMoment === moments.length - 1;
  const count = byId("count");
  count.textContent = count.dataset.count.replace("{number}", shownMoment + 1).replace("{total}", moments.length);
  byId("progress").setAttribute("aria-valuenow", shownMoment + 1);
  byId("progress").firstElementChild.style.width = `${(100 * (shownMoment + 1)) / moments.length}%`;
  if (!inOverview) mountMoment(moments[shownMoment]);
}

function go(at) {
  shownMoment = Math.max(0, Math.min(moments.length - 1, at));
  inOverview = false;
  tell();
}

function toggleOverview(on) {
  inOverview = on;
  tell();
  if (on) listed[shownMoment].focus();
}

// Inside a lens the arrows move its own focus; elsewhere they turn the page.
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && !document.fullscreenElement) return toggleOverview(!inOverview);
  if (inOverview || (event.target.closest(".place") && !["PageDown", "PageUp"].includes(event.key))) return;
  const to = { ArrowRight: shownMoment + 1, PageDown: shownMoment + 1, ArrowLeft: shownMoment - 1, PageUp: shownMoment - 1,
    Home: 0, End: moments.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  go(to);
});
byId("previous").onclick = () => go(shownMoment - 1);
byId("next").onclick = () => go(shownMoment + 1);
byId("overview").onclick = () => toggleOverview(!inOverview);
byId("full").onclick = () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen());
byId("full").hidden = !document.fullscreenEnabled;
listed.forEach((button, at) => { button.onclick = () => go(at); });
tell();
