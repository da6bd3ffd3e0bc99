"""The people who may sign in where the app is open to a network."""

from __future__ import annotations

from typing import Annotated

import typer

from vtviz.cli.common import app

people = typer.Typer(no_args_is_help=True, help="Say who may sign in where the app is open to a network.")
app.add_typer(people, name="people")


@people.command()
def add(
    name: Annotated[str, typer.Argument(help="Name to sign in with.")],
    administrator: Annotated[bool, typer.Option(help="Sees how much space each person takes.")] = False,
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for where left out.")
    ] = "",
) -> None:
    """Add a person, or give them another password."""
    from vtviz.files import data_folder
    from vtviz.people.accounts import People

    People(data_folder()).add(name, password, "administrator" if administrator else "person")
    typer.echo(f"{name} may sign in.")


@people.command()
def remove(name: Annotated[str, typer.Argument(help="Name that was added.")]) -> None:
    """Let a person sign in no more; what they made stays."""
    from vtviz.files import data_folder
    from vtviz.people.accounts import People

    People(data_folder()).remove(name)
    typer.echo(f"{name} may sign in no more.")


@people.command("list")
def list_people() -> None:
    """List the people who may sign in."""
    from vtviz.files import data_folder
    from vtviz.people.accounts import People

    for person in People(data_folder()).all():
        typer.echo(f"{person.name}  {person.role}")
