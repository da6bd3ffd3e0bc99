"""Bundles: equal for equal runs, and one changed byte is found wherever it is."""

import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.audit.made import made_report, rows_of
from vtviz.audit.contract.bundle.chain import CHAIN, SCHEMA, chain_bytes, make_chain
from vtviz.audit.contract.bundle.pack import pack, unpack
from vtviz.audit.contract.bundle.sbom import bill_of_materials
from vtviz.audit.contract.bundle.signature import sign
from vtviz.audit.contract.bundle.verify import verify_bundle
from vtviz.audit.contract.bundle.write import in_order, manifest_parts, write_bundle
from vtviz.audit.contract.contract import read_contract
from vtviz.audit.report.html import write_html
from vtviz.inputs import InputError


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an audit with scope, rules and bundle."""
    root = tmp_path_factory.mktemp("bundle")
    (root / "scope.toml").write_text('system = "Search"')
    (root / "rules.toml").write_text('[[rule]]\nmetric = "accuracy"\nat_least = 0.99')
    contract = read_contract(root / "scope.toml", root / "rules.toml")
    report = made_report(root)
    report |= contract.to_dict(report)
    folder, rows = root / "out", rows_of(root, 40)
    contract.save(folder, report)
    (folder / "report.json").write_bytes(orjson.dumps(report))
    write_html(folder)
    assert write_bundle(folder, manifest_parts(rows), report)
    return folder


@pytest.fixture
def bundle(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made / "bundle.zip", tmp_path / "bundle.zip"))


def test_a_bundle_holds_everything_and_is_whole(bundle: Path) -> None:
    parts = unpack(bundle)[1]
    assert list(parts) == [
        "scope.toml",
        "rules.toml",
        "manifest/rows.jsonl",
        "manifest/original-m.jsonl",
        "rows.parquet",
        "summary.json",
        "junit.xml",
        "environment.cdx.json",
        "how-to-read.html",
        "coverage.html",
        "report.json",
        "report.html",
        CHAIN,
    ]
    found = verify_bundle(bundle)
    assert found.problems == () and found.parts == 12 and found.signature is None
    assert found.head == json.loads(parts[CHAIN])["head"]
    assert pq.read_table(io.BytesIO(parts["rows.parquet"])).num_rows == 80


def test_the_chain_is_what_its_description_says() -> None:
    chain = make_chain({"a": b"1", "b": b"2"})
    one, two = hashlib.sha256(b"1").hexdigest(), hashlib.sha256(b"2").hexdigest()
    first = hashlib.sha256(f"{SCHEMA}\na\n{one}".encode()).hexdigest()
    assert chain["head"] == hashlib.sha256(f"{first}\nb\n{two}".encode()).hexdigest()


def test_one_changed_byte_is_found_anywhere(bundle: Path) -> None:
    data = bundle.read_bytes()
    rng = np.random.default_rng(0)
    for place in [0, 4, 10, 40, len(data) - 1, len(data) - 60, *rng.integers(0, len(data), 60).tolist()]:
        bundle.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert verify_bundle(bundle).problems, place
    for changed in (b"x" + data, data + b"x", data[:-1], b"", b"PK"):
        bundle.write_bytes(changed)
        assert verify_bundle(bundle).problems


def test_a_changed_part_is_named_and_a_new_chain_has_another_head(bundle: Path) -> None:
    head, parts = verify_bundle(bundle).head, unpack(bundle)[1]
    parts["scope.toml"] += b"# "
    bundle.write_bytes(pack(parts))
    found = verify_bundle(bundle)
    assert found.problems == ("scope.toml was changed.", "scope.toml is not the one of the report.")
    del parts[CHAIN]
    bundle.write_bytes(pack({**parts, CHAIN: chain_bytes(make_chain(parts))}))
    forged = verify_bundle(bundle)
    assert forged.problems == ("scope.toml is not the one of the report.",) and forged.head != head


def test_parts_that_come_go_or_change_places_are_told(bundle: Path) -> None:
    parts = unpack(bundle)[1]
    lacking = {name: data for name, data in parts.items() if name != "coverage.html"}
    swapped = {name: parts[name] for name in [*list(parts)[1:], next(iter(parts))]}
    for changed, message in (
        (lacking, "coverage.html is missing."),
        ({"extra.txt": b"", **parts}, "extra.txt was added."),
        (swapped, f"{CHAIN} was changed, or the order of the parts."),
        ({**parts, CHAIN: b"{"}, f"{CHAIN} is damaged."),
        ({**parts, "report.json": b"{}"}, "A part of the report is missing or damaged."),
    ):
        bundle.write_bytes(pack(changed))
        assert message in verify_bundle(bundle).problems
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in parts.items():
            packed.writestr(name, data)
    assert verify_bundle(bundle).problems == ("The zip file holds more than its parts, or another order of bytes.",)
    with pytest.raises(InputError, match="cannot be read"):
        verify_bundle(bundle.with_name("none.zip"))


def test_a_new_chain_does_not_hide_what_no_longer_follows(bundle: Path) -> None:
    parts = unpack(bundle)[1]
    head = json.loads(parts.pop(CHAIN))["head"]

    def forged(**changes: bytes | None) -> tuple[str, ...]:
        made = {name: data for name, data in {**parts, **changes}.items() if data is not None}
        bundle.write_bytes(pack({**made, CHAIN: chain_bytes(make_chain(made))}))
        return verify_bundle(bundle).problems

    table = pq.read_table(io.BytesIO(parts["rows.parquet"]))
    place, sink = table.schema.get_field_index("score"), io.BytesIO()
    pq.write_table(table.set_column(place, "score", pa.array([0.0] * table.num_rows)), sink)
    report = orjson.loads(parts["report.json"])
    report["rules"] = {**report["rules"], "met": True}
    line = parts["manifest/rows.jsonl"].replace(b"text 7", b"text 8", 1)
    for changes, message in (
        ({"rows.parquet": sink.getvalue()}, "The results do not follow from rows.parquet"),
        ({"report.json": orjson.dumps(report)}, "The verdicts in the report do not follow from rules.toml"),
        ({"junit.xml": parts["junit.xml"] + b" "}, "junit.xml does not hold the verdicts"),
        ({"report.html": parts["report.html"].replace(b"Failed", b"Passed")}, "report.html does not say"),
        ({"manifest/rows.jsonl": line}, "hold other rows"),
        ({"environment.cdx.json": parts["environment.cdx.json"].replace(b"wwww", b"vvvv")}, "names other weights"),
        ({"junit.xml": None}, "junit.xml is missing"),
        ({"report.html": None}, "report.html is missing"),
        ({"manifest/original-m.jsonl": None}, "The manifest as it was read is missing"),
        ({"../../evil": b"x"}, "../../evil is no part of this report"),
    ):
        assert any(message in problem for problem in forged(**changes)), message  # type: ignore[arg-type]
    assert forged() == () and verify_bundle(bundle, head=head.upper()).problems == ()
    assert verify_bundle(bundle, head="0" * 64).problems == (
        "The head of the chain is not the one that was written down.",
    )


def test_a_bundle_of_an_earlier_version_gets_one_sentence(bundle: Path) -> None:
    parts = unpack(bundle)[1]
    del parts[CHAIN]
    report = orjson.loads(parts["report.json"])
    del report["figures"]
    parts["report.json"] = orjson.dumps(report)
    bundle.write_bytes(pack({**parts, CHAIN: chain_bytes(make_chain(parts))}))
    found = verify_bundle(bundle)
    assert found.problems == () and "computes figures differently" in found.notes[0] and len(found.notes) == 1


def test_rows_are_the_same_bytes_whatever_order_they_were_measured_in(made: Path, tmp_path: Path) -> None:
    table = pq.read_table(made / "rows.parquet")
    shuffled = table.take(pa.array(np.random.default_rng(1).permutation(table.num_rows)))
    pq.write_table(shuffled, tmp_path / "rows.parquet", row_group_size=7)
    assert in_order(tmp_path / "rows.parquet", ["made"]) == in_order(made / "rows.parquet", ["made"])


def test_the_bill_of_materials_names_packages_and_weights() -> None:
    models = [{"name": "made", "weights_sha256": "a" * 64}]
    bill = json.loads(bill_of_materials(models))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6") and bill["serialNumber"].startswith(
        "urn:uuid:"
    )
    named = {item["name"]: item for item in bill["components"]}
    assert named["numpy"]["purl"] == f"pkg:pypi/numpy@{np.__version__}"
    assert named["made"]["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]
    assert bill_of_materials(models) == bill_of_materials(models) != bill_of_materials([])
    references = [item["bom-ref"] for item in bill["components"]]
    assert len(references) == len(set(references))


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")
def test_a_signature_is_checked_with_the_keys_that_one_trusts(bundle: Path) -> None:
    key = bundle.with_name("key")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    sign(bundle, key)
    unknown = verify_bundle(bundle)
    assert unknown.problems == () and unknown.signature is not None and not unknown.signature.known
    signers, nobody = bundle.with_name("signers"), bundle.with_name("nobody")
    signers.write_text(f"auditor@example.org {key.with_suffix('.pub').read_text()}")
    nobody.write_text("")
    known = verify_bundle(bundle, signers)
    assert known.problems == () and known.signature is not None and known.signature.signer == "auditor@example.org"
    assert verify_bundle(bundle, nobody).problems == ("The signature is by nobody in the list of signers.",)
    data = bundle.read_bytes()
    bundle.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert "The signature is not that of this bundle." in verify_bundle(bundle, signers).problems
    bundle.with_name("bundle.zip.sig").unlink()
    assert "There is no signature bundle.zip.sig beside it." in verify_bundle(bundle, signers).problems
    with pytest.raises(InputError, match="cannot be signed"):
        sign(bundle, bundle.with_name("no-key"))
