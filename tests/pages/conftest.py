"""A model of a person's own, whose score is a cosine."""

import json
from pathlib import Path

import open_clip
import pytest
import torch
from safetensors.torch import save_file

TEXT = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
VISION = {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8}


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a tiny dual encoder with random weights."""
    folder: Path = tmp_path_factory.mktemp("own")
    (folder / "page-clip.json").write_text(json.dumps({"embed_dim": 24, "vision_cfg": VISION, "text_cfg": TEXT}))
    open_clip.add_model_config(folder)
    torch.manual_seed(0)
    save_file(open_clip.create_model("page-clip").state_dict(), folder / "weights.safetensors")
    return f"open_clip:page-clip@{folder / 'weights.safetensors'}"
