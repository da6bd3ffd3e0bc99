"""Detached signatures with the keys that people already have for SSH."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from vtviz.inputs import InputError

NAMESPACE = "vtviz-audit"  # keeps a signature from being taken for one under something else
PROGRAM = "ssh-keygen"
SUFFIX = ".sig"


@dataclass(frozen=True)
class Signature:
    """Whether a signature fits the file, and by whom: the name in the list of signers, or the key where there is no
    list."""

    valid: bool
    signer: str = ""
    known: bool = False


def sign(file: Path, key: Path) -> Path:
    """Signs a file with a private SSH key (or a public one whose agent runs); returns the signature beside it.

    Raises:
        InputError: if ssh-keygen is missing, or refuses.
    """
    target = file.with_name(file.name + SUFFIX)
    target.unlink(missing_ok=True)  # or it would ask
    done = _run("sign", "-f", str(key), "-n", NAMESPACE, str(file))
    if done.returncode or not target.is_file():
        raise InputError("The bundle cannot be signed: {reason}.", reason=_last_line(done.stderr))
    return target


def check_signature(file: Path, signature: Path, signers: Path | None = None) -> Signature:
    """Whether a signature is that of a file; ``signers`` are those whom one trusts, a line each: ``NAME KEY``.

    Raises:
        InputError: if ssh-keygen is missing.
    """
    data = file.read_bytes()
    plain = _run("check-novalidate", "-n", NAMESPACE, "-s", str(signature), data=data)
    if plain.returncode:
        return Signature(False)
    key = next((word for word in plain.stdout.split() if word.startswith("SHA256:")), "")
    if signers is None:
        return Signature(True, key)
    who = _run("find-principals", "-s", str(signature), "-f", str(signers))
    for name in who.stdout.splitlines() if not who.returncode else ():
        arguments = ("-f", str(signers), "-I", name, "-n", NAMESPACE, "-s", str(signature))
        if not _run("verify", *arguments, data=data).returncode:
            return Signature(True, name, known=True)
    return Signature(True, key)


def _run(action: str, *arguments: str, data: bytes = b"") -> subprocess.CompletedProcess[str]:
    asks = action == "sign"  # it may need the passphrase of the key
    try:
        done = subprocess.run(
            [PROGRAM, "-Y", action, *arguments],
            input=None if asks else data,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise InputError("Signatures need ssh-keygen of OpenSSH; install it.") from error
    out, problem = (stream.decode(errors="replace") for stream in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, out, problem)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "ssh-keygen gave no reason"
