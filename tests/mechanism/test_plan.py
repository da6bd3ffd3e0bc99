"""The plan of a network is drawn from the network itself, whatever its kind."""

import importlib.util
import json
from pathlib import Path

import open_clip
import pytest
import torch
from safetensors.torch import save_file

from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.mechanism import DrawPlan
from vtviz.inputs import ImageInput, InputError
from vtviz.mechanism.plan import Plan, draw_plan
from vtviz.models.base import FusionModel
from vtviz.models.registry import load_model
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.paths import ROOT

TEXT = {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 6}
VISION = {"image_size": 32, "layers": 3, "width": 32, "head_width": 16, "patch_size": 8}
DECODER = {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}


def plan_of(model: FusionModel, image: ImageInput, text: str = "a dog runs") -> Plan:
    return draw_plan(model, image, model.encode_texts([text]))


def own(folder: Path, name: str, config: dict) -> FusionModel:
    (folder / f"{name}.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder)
    torch.manual_seed(0)
    state = open_clip.create_model(name).state_dict()
    finite = {key: torch.nan_to_num(value) for key, value in state.items()}  # open_clip leaves some as memory was
    save_file(finite, folder / "weights.safetensors")
    return load_model(f"open_clip:{name}@{folder / 'weights.safetensors'}", torch.device("cpu"))


def check(plan: Plan) -> None:
    """What holds of every plan."""
    assert sum(block.share for block in plan.blocks) == pytest.approx(1)
    assert 0 < sum(block.parameters for block in plan.blocks) <= plan.parameters
    for block in plan.blocks:
        assert block.outputs and all(0 <= spread <= 1 + 1e-6 for _, _, spread in block.attention)
        if block.similarity is not None:
            assert len(block.similarity) == plan.text and all(-1.001 <= value <= 1.001 for value in block.similarity)


def test_the_shipped_model_has_the_steps_of_the_design(engine: LocalEngine, cat: ImageInput) -> None:
    answer = engine.ask(DrawPlan(cat, "A brown cat with green eyes"))
    plan = answer.plan
    check(plan)
    assert len(answer.tokens.pieces) == 6 and (plan.text, plan.patches) == (8, 400)
    lanes = {block.name: block.lane for block in plan.blocks}
    assert [name for name, lane in lanes.items() if lane == "fusion"] == ["blocks.0", "blocks.1", "blocks.2"]
    assert lanes["backbone"] == "image" and lanes["text_tower"] == "text" and lanes["joint.0"] == "joined"
    assert [block.target for block in plan.blocks if block.lane == "output"] == ["match", "caption", "answer"]
    assert list(lanes).index("image_layer") < list(lanes).index("blocks.0") < list(lanes).index("joint.0")
    blocks = {block.name: block for block in plan.blocks}
    assert [kind for kind, _, _ in blocks["blocks.1"].attention] == ["text→image", "image→text"]
    assert [name for name, _ in blocks["blocks.1"].gates] == ["blocks.1.text", "blocks.1.image"]
    assert all(0 < opening < 1 for _, opening in blocks["blocks.1"].gates)
    assert blocks["text_tower"].layers == 3 and blocks["backbone"].share > 0.2
    assert blocks["joint.0"].inputs == ((1, 408, 256),)


def test_a_dual_encoder_has_two_lanes(tmp_path: Path, photo: ImageInput) -> None:
    model = own(tmp_path, "plan-clip", {"embed_dim": 24, "vision_cfg": VISION, "text_cfg": TEXT})
    plan = plan_of(model, photo)
    check(plan)
    kinds = {block.lane: {kind for kind, _, _ in block.attention} for block in plan.blocks if block.attention}
    assert kinds == {"image": {"image"}, "text": {"text"}}
    assert {sum(len(block.attention) for block in plan.blocks if block.lane == lane) for lane in ("image", "text")} == {
        3,
        6,
    }


def test_coca_attends_from_its_text_to_the_photo(tmp_path: Path, photo: ImageInput) -> None:
    vision = {
        **VISION,
        "attentional_pool": True,
        "attn_pooler_queries": 9,
        "attn_pooler_heads": 2,
        "output_tokens": True,
    }
    text = {**DECODER, "embed_cls": True, "output_tokens": True}
    config = {"embed_dim": 32, "vision_cfg": vision, "text_cfg": text, "custom_text": True, "multimodal_cfg": DECODER}
    plan = plan_of(own(tmp_path, "coca_plan", config), photo)
    check(plan)
    assert {"text→image", "text"} <= {kind for block in plan.blocks for kind, _, _ in block.attention}
    assert {"image", "text"} <= {block.lane for block in plan.blocks}


def test_a_plug_in_is_drawn_too(photo: ImageInput) -> None:
    spec = importlib.util.spec_from_file_location("own_model", ROOT / "examples" / "own_model.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.load("own", torch.device("cpu"))
    plan = plan_of(model, photo)
    check(plan)
    assert [block.lane for block in plan.blocks] == ["image", "text", "fusion", "fusion", "output"]


def test_nothing_is_left_on_the_network(tiny: VtvizBase, photo: ImageInput) -> None:
    check(plan_of(tiny, photo, "a dog"))
    hooks = [module for module in tiny.network.modules() if module._forward_hooks or module._forward_pre_hooks]
    assert not hooks


def test_a_model_without_a_network_says_so(photo: ImageInput) -> None:
    class Hidden:
        name = "hidden"

    with pytest.raises(InputError, match="hidden does not show its network"):
        draw_plan(Hidden(), photo, None)  # type: ignore[arg-type]
