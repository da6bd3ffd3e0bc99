"""Decoders that read a photo as tokens among the words: LLaVA, SmolVLM, Idefics 3, InternVL,
Gemma 3, PaliGemma, Qwen-VL."""
