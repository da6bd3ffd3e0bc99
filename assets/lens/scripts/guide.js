// The first minute: three things to try on the live lens, once. Whoever skips or finishes is not asked again.

const GUIDED = "vtviz-guided", GUIDE_STEPS = ["word", "patch", "change", "done"];

const wasGuided = () => { try { return localStorage.getItem(GUIDED) !== null; } catch { return true; } };

function endGuide(lens) {
  try { localStorage.setItem(GUIDED, "1"); } catch { /* asked again next time */ }
  lens.step = null;
  lens.find("guide").hidden = true;
}

function showGuide(lens) {
  if (lens.step === undefined) lens.step = lens.data.guide && !wasGuided() ? 0 : null;
  lens.find("guide").hidden = lens.step === null;
  if (lens.step === null) return;
  const { labels } = lens.data, name = GUIDE_STEPS[lens.step];
  lens.find("guide-count").textContent = name === "done" ? "" : `${lens.step + 1} / ${GUIDE_STEPS.length - 1}`;
  lens.find("guide-text").textContent = labels[`guide_${name}`];
  const offer = document.querySelector(".st-key-text-1 button"), act = lens.find("guide-act");
  act.hidden = !(name === "done" || (name === "change" && offer));
  act.textContent = name === "done" ? labels.guide_photo : offer?.innerText ?? "";
  act.onclick = () => {
    if (name === "change") { offer.click(); return; }
    endGuide(lens);
    document.querySelector(".st-key-strip [data-testid=stFileUploader] button")?.click();
  };
  lens.find("guide-skip").textContent = name === "done" ? labels.guide_end : labels.guide_skip;
  lens.find("guide-skip").onclick = () => endGuide(lens);
}

// Something was tried: if it is what the step asks for, the next one comes.
function guideSaw(lens, what) {
  if (lens.step === null || lens.step === undefined || GUIDE_STEPS[lens.step] !== what) return;
  lens.step += 1;
  showGuide(lens);
}
