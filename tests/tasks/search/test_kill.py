"""An index that is killed at any point is complete after the next run: nothing lost, nothing twice."""

import json
import subprocess
import sys
from pathlib import Path

from vtviz.paths import ASSETS

# Forks before the store is first opened, because its engine has threads of its own; each child dies at another write.
SCRIPT = """
import json, os, signal, sys
from pathlib import Path
from tests.tasks.search.made import index, save_photo
from vtviz.tasks.search import index as indexing
from vtviz.tasks.search.embedded import EmbeddedVectors
from vtviz.tasks.search.kept import KeptParts
from vtviz.tasks.search.store import Store, open_store

base, indexing.BATCH = Path(sys.argv[1]), 2
photos = base / "photos"
for seed in range(5):
    save_photo(photos / f"{seed}.png", seed)

def child(work):
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    return os.waitpid(pid, 0)[1]

def dies_after(count):
    done = [0]
    def counted(kind, name):
        original = getattr(kind, name)
        def run(self, *arguments):
            if done[0] == count:
                os.kill(os.getpid(), signal.SIGKILL)
            done[0] += 1
            return original(self, *arguments)
        setattr(kind, name, run)
    counted(EmbeddedVectors, "put")
    counted(EmbeddedVectors, "remove")
    counted(KeptParts, "write")
    counted(Store, "finished")

def report(store, results):
    done = index(photos, store)
    opened = open_store(str(store))
    found = sorted(entry.path for entry in opened.vectors.entries())
    whole = all(opened.kept.has(entry.sha256) for entry in opened.vectors.entries())
    files = len([path for path in (store / "parts").rglob("*.*")])
    near = opened.vectors.nearest(opened.get(["0.png"])[0].vector, 99)
    results.write_text(json.dumps([found, whole, files, len(near), done.unchanged]))

all_results = []
for count in range(20):
    store, results = base / f"store{count}", base / "results.json"
    def first():
        dies_after(count)
        index(photos, store)
    killed = child(first)
    assert child(lambda: report(store, results)) == 0
    all_results.append([killed, json.loads(results.read_text())])
    if killed == 0:
        break
print(json.dumps(all_results))
"""


def test_an_index_survives_a_kill_before_every_write(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], cwd=ASSETS.parent, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert [killed for killed, _ in results] == [9] * 10 + [0]  # five parts, three batches, a removal and the end
    for _, (found, whole, files, near, _) in results:
        assert found == [f"{seed}.png" for seed in range(5)] and whole and files == 10 and near == 5
    unchanged = [unchanged for _, (*_, unchanged) in results]
    assert unchanged[0] == 0 and unchanged[-2] == 5 and unchanged == sorted(unchanged)  # work that was done is kept
