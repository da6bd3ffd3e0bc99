"""A photo, and the text beside it, against the policy: the verdict, the rule that fired, and its evidence."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from vtviz.engine.requests.tasks.policy import CheckPolicy
from vtviz.inputs import MAX_CHARACTERS, ImageInput, framed
from vtviz.tasks.policy.check import Ruling, Score
from vtviz.tasks.policy.log import FILE, log_ruling
from vtviz.tasks.policy.policy import Policy
from vtviz.ui.ask.inputs import ask_photo, show_trouble
from vtviz.ui.ask.links import show_missing_photo
from vtviz.ui.ask.models import current_device, need_model
from vtviz.ui.ask.photos import photo_name
from vtviz.ui.ask.selection import Selection, is_selected, select_all, selected
from vtviz.ui.frame.language import plain, say
from vtviz.ui.frame.person.who import own_folder
from vtviz.ui.frame.results import session_results
from vtviz.ui.frame.screen import WIDE
from vtviz.ui.frame.trouble import errors_shown
from vtviz.ui.frame.waiting import ask
from vtviz.ui.policy.edit import current_policy, edit_policy
from vtviz.ui.show.model_notes import is_foreign, show_foreign, show_model_notes
from vtviz.ui.show.word_maps import maps_of_words, show_maps, show_photo
from vtviz.watch import Progress

SIDE, TEXT = "policy", "policy-text"
RULINGS = "policy-rulings"
FIRST_PHOTO, FIRST_TEXT = "kitten", "Our dinner tonight"  # harmless each, and not together
BOXES = {"block": st.error, "review": st.warning, "allow": st.success}
ICONS = {"block": ":material/block:", "review": ":material/visibility:", "allow": ":material/check_circle:"}
COLOURS = {"block": "red", "review": "orange", "allow": "green"}
CANNOT = ("text", "faces", "symbols", "meaning", "rare")


def show_check() -> None:
    """The text, the verdict, the photo with its evidence, and the rules beside it.

    Raises:
        InputError, ModelError: as the engine does.
    """
    if not is_selected(SIDE):
        select_all(Selection(FIRST_PHOTO, ""), SIDE)
        st.session_state.setdefault(TEXT, FIRST_TEXT)
    show_trouble()
    left, right = st.columns(WIDE, gap="medium")
    with right:
        rules, policy_tab, cannot = st.tabs([say(f"policy.tab.{name}") for name in ("rules", "file", "cannot")])
        with policy_tab:
            edit_policy()
        with cannot:
            st.markdown("\n".join(f"- {say(f'policy.cannot.{name}')}" for name in CANNOT))
            st.caption(say("policy.person"))
    with left:
        with st.container(key="sentence-policy"):
            text = st.text_input(
                say("policy.text"),
                key=TEXT,
                max_chars=MAX_CHARACTERS,
                placeholder=say("policy.text_place"),
                label_visibility="collapsed",
                persist_state="session",
            ).strip()
        verdict, picture = st.container(), st.container()
        image = ask_photo(SIDE)
    with errors_shown(verdict):
        if image is None:
            with verdict:
                show_missing_photo(SIDE)
            return
        policy = current_policy()
        with verdict:
            texts = policy.read_by_model(text)
            show_foreign(policy.model, next((read for read in texts if is_foreign(policy.model, read)), ""))
            need_model(policy.model)
        ruling = _ruling(policy, image, text)
        with verdict:
            _show_verdict(ruling)
        with picture:
            _show_evidence(ruling, image)
        with rules:
            _show_rules(ruling, policy)


def offer_log() -> None:
    """The audit log of this person's decisions as a file."""
    log = log_path()
    st.download_button(
        say("policy.log"),
        lambda: log.read_bytes() if log.is_file() else b"",
        FILE,
        "application/jsonl",
        icon=":material/receipt_long:",
        help=say("policy.log_help"),
        on_click="ignore",
        disabled=not log.is_file(),
    )


def log_path() -> Path:
    """Where this person's decisions are noted."""
    return own_folder() / FILE


def _ruling(policy: Policy, image: ImageInput, text: str) -> Ruling:
    """What the policy says; the decision is noted once, before it is shown.

    Raises:
        InputError: if it cannot be noted.
    """
    request = CheckPolicy(policy, image, text, policy.model, current_device())
    kept = session_results(RULINGS)
    if request.key not in kept:
        ruling = ask(request, _checking)
        log_ruling(log_path(), policy, image.sha256, text, ruling)
        kept[request.key] = ruling
    known: Ruling = kept[request.key]
    return known


def _show_verdict(ruling: Ruling) -> None:
    """The action, the rule that fired, and the words of the text that it stands on."""
    fired = ruling.fired
    parts = [f"**{say(f'policy.action.{ruling.action}')}**"]
    if fired is None:
        parts.append(say("policy.none_fired"))
    else:
        parts.append(f"{plain(fired.rule)} ({_compared(fired)}). {plain(fired.message)}")
    BOXES[ruling.action](" · ".join(parts), icon=ICONS[ruling.action])
    if fired is not None and fired.spans:
        st.markdown(say("policy.words", text=_marked(ruling.text, fired)))
    if fired is not None and fired.meaning:
        st.markdown(say("policy.meaning", phrase=plain(fired.meaning)))
    if ruling.unknown:
        words = ", ".join(f"“{plain(word)}”" for word in ruling.unknown)
        st.warning(say("policy.unknown", words=words), icon=":material/help:")


def _show_evidence(ruling: Ruling, image: ImageInput) -> None:
    """The photo, under the heatmap of the phrase that describes it, where a rule fired for one."""
    alt, evidence = photo_name(selected(SIDE).photo), ruling.evidence
    with st.container(key="evidence"):
        if evidence is None:
            show_photo(image, alt)
            return
        maps = maps_of_words(evidence.tokens, evidence.relevance)
        name = f"policy-{image.sha256[:16]}-{evidence.tokens.text}"
        show_maps(framed(image, evidence.frame), maps, name, alt)
        st.caption(say("policy.evidence", phrase=plain(evidence.tokens.text)))


def _show_rules(ruling: Ruling, policy: Policy) -> None:
    """The rule that fired, then the others, the one nearest to firing first."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(policy.name)}** · {plain(policy.model)}", width="content")
        offer_log()
    show_model_notes(policy.model)
    others = [score for score in ruling.scores if score is not ruling.fired]
    others.sort(key=lambda score: float("inf") if score.margin is None else -score.margin)
    for score in [*([ruling.fired] if ruling.fired else []), *others]:
        _show_rule(score, score is ruling.fired)
    st.caption(say("policy.order", otherwise=say(f"policy.action.{policy.otherwise}")))


def _show_rule(score: Score, is_fired: bool) -> None:
    colour = COLOURS[score.action] if score.fires else "gray"
    name = f":{colour}[{ICONS[score.action]}] **{plain(score.rule)}**"
    if score.score is None:
        st.markdown(f"{name} · {say('policy.needs_text')}")
        return
    if score.idle:
        st.markdown(f"{name} · {say('policy.idle')}")
        return
    state = say("policy.decides" if is_fired else "policy.fires") if score.fires else say("policy.below")
    st.progress(min(max(score.score, 0.0), 1.0), text=f"{name} · {_compared(score)} · {state}")
    about = [f"“{plain(phrase)}”" for phrase in (score.phrase, score.meaning) if phrase]
    if about:
        st.caption(say("policy.best", phrases=", ".join(about)))


def _compared(score: Score) -> str:
    return say("policy.compared", score=f"{score.score:.2f}", threshold=f"{score.threshold:.2f}")


def _marked(text: str, fired: Score) -> str:
    """The text with the words in bold that a rule stands on."""
    parts, at = [], 0
    for start, end in fired.spans:
        if start >= at:
            parts += [plain(text[at:start]), f"**{plain(text[start:end])}**"]
            at = end
    return "".join([*parts, plain(text[at:])])


def _checking(now: Progress, seconds: str) -> tuple[float, str]:
    return now.share, say("policy.checking", seconds=seconds)
