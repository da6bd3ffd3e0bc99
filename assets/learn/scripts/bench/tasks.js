// The tasks of the course that check themselves on the bench: what is so far, and whether it is enough.

const best = (row) => row.indexOf(Math.max(...row));
const entropies = ({ result }) => result.weights.flatMap((rows) => rows.map(entropy));

const TASKS = {
  point: ({ result, names, labels }) => {
    const row = result.weights[0][1], key = best(row);
    return [key === 3, put(labels.now_point, { query: names.queries[1], key: names.keys[key], weight: row[key].toFixed(2) })];
  },
  warm: (bench) => {
    const value = sum(entropies(bench)) / entropies(bench).length;
    return [value > 0.9, put(bench.labels.now_warm, { value: value.toFixed(2) })];
  },
  heads: ({ problem, result, names, labels }) => {
    const rows = result.weights.map((head) => head[2]), keys = rows.map(best);
    const said = rows.map((row, head) => put(labels.now_heads, { head: head + 1, key: names.keys[keys[head]], weight: row[keys[head]].toFixed(2) }));
    const over = (key) => rows.some((row) => row[key] > 0.8);
    return [problem.heads > 1 && over(1) && over(3), said.join(" · ")];
  },
  unfaithful: ({ result, first, labels }) => {
    const gap = Math.max(...result.weights.flat().map((row) => Math.max(...row) - Math.min(...row)));
    const moved = Math.max(...result.output.flatMap((row, at) => row.map((value, column) => Math.abs(value - first.output[at][column]))));
    return [gap > 0.4 && moved < 0.01, put(labels.now_unfaithful, { gap: gap.toFixed(2), moved: moved.toFixed(3) })];
  },
};

function showTask(bench) {
  const check = bench.task && TASKS[bench.task.check];
  bench.find("task").hidden = !check;
  if (check) showTaskBox(bench, bench.task, ...check(bench));
}
