"""Learn: attention step by step on small matrices, then inside the real model, then the whole network."""

import streamlit as st

from vtviz.ui.frame.language import say
from vtviz.ui.frame.shell import setup
from vtviz.ui.frame.trouble import errors_shown
from vtviz.ui.learn.address import ask_part, show_in_address
from vtviz.ui.learn.bench import show_bench
from vtviz.ui.learn.course import show_course
from vtviz.ui.learn.example import ask_example
from vtviz.ui.learn.inside import show_inside
from vtviz.ui.learn.network import show_network

setup("page.learn")
st.title(say("learn.title"))
st.caption(say("learn.about"))
part = ask_part()
more: dict[str, str] = {}
with errors_shown(st.container()):
    if part == "course":
        more = show_course()
    elif part == "bench":
        show_bench()
    else:
        example = ask_example(models=part == "network")
        if part == "inside":
            show_inside(example.image, example.text, example.alt)
        else:
            show_network(example.image, example.text, example.photo, example.model)
show_in_address(part, **more)
