// The lessons whose task is done, kept for as long as the browser's tab is open: a reload does not lose them.

const DONE = "vtviz-learn-done";

function lessonsDone() {
  try {
    const kept = JSON.parse(window.sessionStorage.getItem(DONE) ?? "[]");
    return Array.isArray(kept) ? kept.filter(Number.isInteger) : [];
  } catch {
    return []; // the browser keeps nothing
  }
}

function finishLesson(part, lesson) {
  const all = [...new Set([...lessonsDone(), lesson])];
  try { window.sessionStorage.setItem(DONE, JSON.stringify(all)); } catch { /* the server still knows */ }
  part.tell("done", all);
}

// Tells a new session of the server what this tab has done.
function restoreLessons(part, task) {
  const all = lessonsDone();
  if (task && all.some((lesson) => !task.completed.includes(lesson))) part.tell("done", all);
}

// The box of a task: what is to be done, how far it is, and whether that is enough.
function showTaskBox(part, task, good, now) {
  if (good && !part.done) {
    part.done = true;
    finishLesson(part, task.lesson);
  }
  part.find("task").classList.toggle("done", part.done);
  part.find("task-text").textContent = task.text;
  part.find("task-now").textContent = part.done ? part.labels.task_done : now;
  part.find("task-mark").textContent = part.done ? "✓" : "○";
}
