"""The files of ``deploy/`` fit each other and the code; no container is built here."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from prometheus_client import generate_latest

from vtviz.engine.remote.client import PREFIX as DOOR
from vtviz.engine.run_log import RunLog

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
MANIFESTS = [
    (file.name, part)
    for file in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for part in yaml.safe_load_all(file.read_text())
    if file.name != "kustomization.yaml"
]


def workloads() -> list[dict[str, Any]]:
    return [part for _, part in MANIFESTS if part["kind"] in ("Deployment", "StatefulSet")]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return read


def test_every_variable_is_one_that_the_code_reads(compose: dict[str, Any]) -> None:
    code = "".join(file.read_text() for file in (ROOT / "vtviz").rglob("*.py"))
    named = {name for service in compose["services"].values() for name in service.get("environment", {})}
    named |= {each["name"] for part in workloads() for container in containers(part) for each in container["env"]}
    named |= set(re.findall(r"VTVIZ_\w+", (DEPLOY / "Dockerfile").read_text()))
    for name in named - {"VTVIZ_HOST"}:  # Caddy's
        assert f'"{name}"' in code, name


def containers(part: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = part["spec"]["template"]["spec"]["containers"]
    return found


def test_nothing_runs_as_root_or_writes_its_own_files(compose: dict[str, Any]) -> None:
    for part in workloads():
        pod = part["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
        for container in containers(part):
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    for name in ("engine", "app"):
        assert compose["services"][name]["read_only"] and compose["services"][name]["cap_drop"] == ["ALL"]
    assert "\nUSER 10001\n" in (DEPLOY / "Dockerfile").read_text()


def test_selectors_ports_and_names_fit_each_other(compose: dict[str, Any]) -> None:
    pods = {part["metadata"]["name"]: part["spec"]["template"]["metadata"]["labels"] for part in workloads()}
    for _, part in MANIFESTS:
        spec = part["spec"]
        if part["kind"] == "Service":
            assert spec["selector"] == pods[part["metadata"]["name"]]
            assert all(port["targetPort"] == "http" for port in spec["ports"])
        elif part["kind"] == "HorizontalPodAutoscaler":
            assert spec["scaleTargetRef"]["name"] in pods
        elif part["kind"] == "NetworkPolicy":
            assert spec["podSelector"]["matchLabels"] in pods.values()
        elif part["kind"] == "PodDisruptionBudget":
            assert spec["selector"]["matchLabels"] in pods.values()
    for part in workloads():
        assert [port["containerPort"] for port in containers(part)[0]["ports"]] == [8600]
    assert compose["services"]["app"]["environment"]["VTVIZ_ENGINE"] == "http://engine:8600"
    caddy = (DEPLOY / "Caddyfile").read_text()
    assert "dynamic a app 8600" in caddy and "reverse_proxy engine:8600" in caddy and f"handle {DOOR}/*" in caddy
    scraped = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())["scrape_configs"][0]
    assert scraped["static_configs"] == [{"targets": ["engine:8600"]}]
    kustomization = yaml.safe_load((DEPLOY / "kubernetes/kustomization.yaml").read_text())
    assert set(kustomization["resources"]) == {name for name, _ in MANIFESTS}
    assert {each["name"] for each in kustomization["images"]} == {containers(part)[0]["image"] for part in workloads()}
    volumes = {each.split(":")[0] for service in compose["services"].values() for each in service.get("volumes", [])}
    assert {name for name in volumes if not name.startswith(".")} == set(compose["volumes"])


def test_the_dashboard_shows_figures_that_there_are() -> None:
    log = RunLog(torch.device("cpu"))
    log.timed("Explain", "key", "model", "method", 0.0, lambda: None)
    log._stages.labels("forward").observe(0.1)
    there = {line.split("{")[0].split(" ")[0] for line in generate_latest(log.registry).decode().splitlines()}
    dashboard = json.loads((DEPLOY / "grafana.json").read_text())
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"vtviz_\w+", target["expr"])
    }
    assert asked and asked <= there, asked - there


def test_the_image_holds_what_the_app_needs() -> None:
    said = (DEPLOY / "Dockerfile").read_text()
    copied = set(re.findall(r"^COPY (?!--from)(\S+)", said, re.MULTILINE)) | {"pyproject.toml"}
    assert {"app.py", "pages", "assets", "vtviz", ".streamlit", "requirements.txt"} <= copied
    left_out = (ROOT / ".dockerignore").read_text().split()
    assert all((ROOT / name).exists() for name in copied) and not copied & set(left_out)
