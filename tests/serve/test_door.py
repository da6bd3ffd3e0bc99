"""The door for vtviz's own apps: what it does not open."""

import pytest
from starlette.testclient import TestClient

from vtviz.engine.messages import encode_request
from vtviz.engine.remote.frames import FAILURE, read_failure, read_frames
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.model import LoadModel
from vtviz.engine.requests.tasks.recommend import RecommendPhotos
from vtviz.engine.requests.tasks.search import SearchPhotos
from vtviz.inputs import ImageInput
from vtviz.tasks.search.query import Term, text_query

TEXT = "a dog runs"


@pytest.mark.parametrize("path", ["ask", "start"])
def test_the_door_opens_no_files_that_are_not_for_apps(client: TestClient, photo: ImageInput, path: str) -> None:
    for request, words in (
        (LoadModel("open_clip:ViT-B-32@/etc/passwd"), "only from its own folder"),
        (LoadModel("open_clip:RN50/openai"), "downloads only the models that it offers"),
        (Explain(photo, TEXT, "vtviz-recurrent@/etc"), "only from its own folder"),
        (SearchPhotos("/etc", text_query(TEXT)), "searched by the program that keeps it"),
        (RecommendPhotos("http://127.0.0.1:9", (Term(path="a.jpg"),)), "searched by the program that keeps it"),
    ):
        response = client.post(f"/v1/engine/{path}", content=encode_request(request))
        (frame,) = (frame for frame in read_frames([response.content]) if frame.kind == FAILURE)
        assert words in str(read_failure(frame))
