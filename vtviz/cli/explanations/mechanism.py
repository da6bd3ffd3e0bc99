"""Attention on small matrices, step by step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from vtviz.cli.common import app, path_argument, path_option
from vtviz.files import check_file_place, make_folder, parse_json, reason, write_atomically
from vtviz.inputs import InputError


@app.command()
def mechanism(
    file: Annotated[
        Path,
        path_argument(
            "JSON with x, w_q, w_k, w_v and perhaps context (cross-attention), w_o, heads, mask, temperature. Rows of "
            "x are tokens, and q = w_q · x. The mask is causal, one true or false per key, or a matrix of them."
        ),
    ],
    output: Annotated[Path | None, path_option("JSON file for the steps; printed where left out.")] = None,
) -> None:
    """Compute attention step by step: q, k, v, scores, scaled, weights, output.

    weights = softmax(scaled / temperature) and scaled = scores / √d_k. With several heads, scores, scaled and weights
    hold one matrix per head.
    """
    from vtviz.mechanism.attention import attend
    from vtviz.mechanism.problem import read_problem, steps_dict

    if output is not None:
        check_file_place(output)
    try:
        data = parse_json(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise InputError("The file {name} is not JSON: {reason}.", name=str(file), reason=error) from error
    except OSError as error:
        raise InputError(
            "The file {name} cannot be read: {reason}.", name=str(file), reason=reason(error, file)
        ) from error
    except ValueError as error:
        raise InputError("The file {name} is not JSON: {reason}.", name=str(file), reason=error) from error
    steps = steps_dict(attend(read_problem(data)))
    text = "{\n" + ",\n".join(f'  "{name}": {json.dumps(matrix)}' for name, matrix in steps.items()) + "\n}\n"
    if output is None:
        typer.echo(text, nl=False)
    else:
        make_folder(output.parent)
        write_atomically(output, text.encode())
        typer.echo(f"{output}")
