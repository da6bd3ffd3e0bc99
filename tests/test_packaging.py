"""What an installation carries: the requirements, the command ``vtviz``, and the files outside the package."""

import os
import socket
import subprocess
import sys
import sysconfig
import tarfile
import time
import tomllib
import urllib.request
import venv
import zipfile
from pathlib import Path
from typing import Any

import vtviz
from vtviz.paths import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")
HERE_ONLY = ("--no-deps", "--no-build-isolation", "--no-index")


def requirements(name: str) -> list[str]:
    """The requirements in a file, without those of the file that it includes."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith(("-r", "#"))]


def test_the_requirements_files_list_what_the_project_does() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    listed = {"requirements.txt": PROJECT["project"]["dependencies"]}
    listed |= {f"requirements-{extra}.txt": packages for extra, packages in extras.items()}
    files = {file.name for file in ROOT.glob("requirements*.txt")} - {"requirements-benchmarks.txt"}  # of no extra
    assert {name: requirements(name) for name in files} == listed


def test_the_project_has_the_version_of_the_package() -> None:
    assert PROJECT["project"]["version"] == vtviz.__version__


def test_an_editable_installation_has_the_command(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    python = str(tmp_path / "venv/bin/python")
    (packages,) = (tmp_path / "venv/lib").glob("python*/site-packages")
    (packages / "those-of-the-tests.pth").write_text(sysconfig.get_path("purelib"))
    subprocess.run([python, *PIP, "install", *HERE_ONLY, "--editable", ROOT], check=True, cwd=tmp_path)
    shown = told(tmp_path, str(tmp_path / "venv/bin/vtviz"), "--help")
    assert "explain" in shown and "audit" in shown
    assert told(tmp_path, python, "-c", "from vtviz.paths import ROOT; print(ROOT)") == f"{ROOT}\n"


def test_a_wheel_carries_the_model_the_pages_and_all_other_assets(tmp_path: Path) -> None:
    sources = built("sdist", ROOT, tmp_path)  # the wheel is made of the archive, as by `python -m build`
    with tarfile.open(sources) as packed:
        packed.extractall(tmp_path, filter="data")
    source = tmp_path / sources.name.removesuffix(".tar.gz")
    assert {item.name for item in source.iterdir()} >= {"README.md", "LICENSE", "pyproject.toml", "PKG-INFO"}
    wheel = built("wheel", source, tmp_path)
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "site")
    shipped = tmp_path / "site/vtviz/shipped"
    tracked = subprocess.run(
        ["git", "ls-files", "assets", "pages", "app.py", ".streamlit"], cwd=ROOT, capture_output=True, text=True
    ).stdout.splitlines()
    assert len(tracked) > 50 and all((shipped / name).is_file() for name in tracked)
    assert not {"tests", "tools", "docs", "assets"} & {each.name for each in (tmp_path / "site").iterdir()}
    assert (shipped.parent / "py.typed").is_file() and (shipped.parent / "__init__.pyi").is_file()
    code = "from vtviz.paths import ROOT; from vtviz import load; print(ROOT, load(device='cpu').name)"
    assert told(tmp_path, sys.executable, "-c", code, path=tmp_path / "site") == f"{shipped} vtviz-base\n"
    assert "usage statistics" not in app_starts(tmp_path, tmp_path / "site"), "it has not read .streamlit/config.toml"


def built(kind: str, source: Path, folder: Path) -> Path:
    """The archive that the build backend makes of a project."""
    before = set(folder.iterdir())
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (made,) = set(folder.iterdir()) - before
    return made


def app_starts(folder: Path, path: Path) -> str:
    """What ``vtviz app`` prints until its server is ready, run elsewhere than in the repository."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "vtviz", "app", "--port", str(port), "--no-browser"]
    given = {**os.environ, "PYTHONPATH": str(path)}
    app = subprocess.Popen(command, cwd=folder, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert answered(f"http://127.0.0.1:{port}/_stcore/health", app) == b"ok"
    finally:
        app.terminate()
        said = app.communicate(timeout=60)[0]
    return said


def answered(address: str, server: subprocess.Popen[str]) -> bytes:
    """What a server says once it listens."""
    for _ in range(480):
        assert server.poll() is None, "the app ended"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                body: bytes = answer.read()
                return body
        except OSError:
            time.sleep(0.25)
    raise AssertionError("the app did not answer")


def told(folder: Path, *command: str, path: Path | None = None) -> str:
    """What a command prints that runs elsewhere than in the repository."""
    given = {**os.environ, "PYTHONPATH": str(path or "")}
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=True).stdout
