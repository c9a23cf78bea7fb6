"""Loads the decoder of any Hugging Face-format causal language model, cut to its first layers."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError

from .errors import BaseModelError
from .fused_kernels import fuse_kernels
from .tree_attention import ATTENTION, register

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel


@dataclass
class BaseModel:
    """A base model's parts."""

    decoder: "PreTrainedModel"
    """The transformer without its vocabulary head: `inputs_embeds` [batch, time, dim] to hidden states."""
    embedding: torch.Tensor
    """[vocabulary, dim] float32: the word embeddings."""
    head: torch.Tensor
    """[vocabulary, dim]: the vocabulary head's weights; those of `embedding` where they are tied."""
    tokenise: Callable[[list[str]], list[list[int]]]
    """Texts to token ids, without special tokens."""
    name: str
    origin: str
    layers: int
    """Layers kept."""
    cut: bool
    """Whether upper layers were left out, so that `head` no longer fits the hidden states."""

    @property
    def dimension(self) -> int:
        """Length of a hidden state."""
        return self.embedding.shape[1]


def load_base_model(
    folder: Path, layers: int | None, dtype: torch.dtype, device: torch.device, option: str = "environment.layers"
) -> BaseModel:
    """Reads a Hugging Face folder (safetensors), keeping the first `layers` layers (None: all), as `option` says.

    Raises:
        BaseModelError: a missing file, a tokenizer that does not fit the vocabulary, weights that do not fit
            the configuration, fewer layers than asked for, or an architecture that the packed layout cannot run.
    """
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    _check_files(folder)
    register()
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
    except (ValueError, KeyError, OSError) as error:
        raise BaseModelError(f"{folder / 'config.json'} is not a usable configuration: {error}") from error
    total = config.num_hidden_layers
    keep_layers(config, layers, folder, option)
    try:
        model, info = AutoModelForCausalLM.from_pretrained(
            folder,
            config=config,
            dtype=dtype,
            attn_implementation=ATTENTION,
            local_files_only=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
        )
    except (ValueError, OSError, RuntimeError, SafetensorError) as error:
        raise BaseModelError(f"{folder}: the base model cannot be loaded: {error}") from error
    _check_weights(folder, info)
    tokenise, known = read_tokenizer(folder)
    embedding = model.get_input_embeddings().weight.detach()
    if known > embedding.shape[0]:
        raise BaseModelError(
            f"{folder}: the tokenizer knows {known} tokens, the model embeds {embedding.shape[0]}; "
            "upload the tokenizer that belongs to the model."
        )
    output = model.get_output_embeddings()
    decoder = model.base_model.to(device).eval().requires_grad_(False)
    check_decoder(decoder, folder)
    fuse_kernels(decoder)
    origin = _origin(folder)
    return BaseModel(
        decoder,
        embedding.float().cpu(),
        (embedding if output is None else output.weight.detach()).cpu(),
        tokenise,
        origin["name"],
        origin["origin"],
        config.num_hidden_layers,
        config.num_hidden_layers < total,
    )


def read_tokenizer(folder: Path) -> tuple[Callable[[list[str]], list[list[int]]], int]:
    """A folder's tokenizer as a function, and how many tokens it knows."""
    if (folder / "tokenizer.json").exists():
        # The same tokenizer as transformers', without the seconds that its wrapper takes to load.
        from tokenizers import Tokenizer

        fast = Tokenizer.from_file(str(folder / "tokenizer.json"))
        fast.no_padding()
        fast.no_truncation()
        return (
            lambda texts: [encoding.ids for encoding in fast.encode_batch(texts, add_special_tokens=False)],
            fast.get_vocab_size(),
        )
    from transformers import AutoTokenizer

    slow = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return lambda texts: slow(texts, add_special_tokens=False)["input_ids"], len(slow)


def keep_layers(config: "PreTrainedConfig", layers: int | None, folder: Path, option: str) -> None:
    """Cuts a configuration to its first `layers` layers, in place."""
    total = config.num_hidden_layers
    if layers is None or layers == total:
        return
    if layers > total:
        raise BaseModelError(f"{folder} has {total} layers, option {option} asks for {layers}.")
    for name, value in list(vars(config).items()):
        # Some families list a kind for every layer.
        if isinstance(value, list) and len(value) == total and name != "architectures":
            setattr(config, name, value[:layers])
    config.num_hidden_layers = layers


def build_decoder(
    config: dict[str, Any], weights: dict[str, torch.Tensor], dtype: torch.dtype, device: torch.device
) -> "PreTrainedModel":
    """A decoder from its configuration and weights; it has no word embeddings and takes `inputs_embeds` only."""
    from transformers import AutoConfig, AutoModel
    from transformers.initialization import no_init_weights

    register()
    values = {name: value for name, value in config.items() if name != "model_type"}
    parsed = AutoConfig.for_model(config["model_type"], **values)
    with no_init_weights():
        decoder = AutoModel.from_config(parsed, attn_implementation=ATTENTION, dtype=dtype)
    missing, unexpected = decoder.load_state_dict(weights, strict=False, assign=True)
    embedding = {f"{name}.weight" for name, module in decoder.named_modules() if module is decoder.get_input_embeddings()}
    if unexpected or set(missing) - embedding:
        raise BaseModelError(f"The decoder's weights do not fit its configuration: {sorted([*missing, *unexpected])[:4]}.")
    decoder = decoder.to(device).eval().requires_grad_(False)
    fuse_kernels(decoder)
    return decoder


def decoder_config(decoder: "PreTrainedModel") -> dict[str, Any]:
    """What `build_decoder` needs, with a vocabulary of one: items have embeddings of their own."""
    config = decoder.config.to_diff_dict()
    for name in ("_name_or_path", "_model_name_or_path", "architectures", "transformers_version", "dtype"):
        config.pop(name, None)
    config |= {"model_type": decoder.config.model_type, "vocab_size": 1}
    config |= dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id"), 0)
    return config


def check_decoder(decoder: "PreTrainedModel", folder: Path) -> None:
    """Refuses architectures whose attention the packed layout cannot express."""
    config = decoder.config
    if not getattr(decoder, "_supports_attention_backend", False):
        raise BaseModelError(
            f"{folder}: architecture {config.model_type} has no exchangeable attention, which the packed layout "
            "needs; use a Llama, Qwen, Mistral, Gemma, GPT-2 or similar decoder."
        )


def _check_files(folder: Path) -> None:
    needed = {
        "config.json": ("config.json",),
        "weights (*.safetensors)": ("*.safetensors",),
        "a tokenizer (tokenizer.json, tokenizer.model or vocab.json)": ("tokenizer.json", "tokenizer.model", "vocab.json"),
    }
    for what, patterns in needed.items():
        if not any(path for pattern in patterns for path in folder.glob(pattern)):
            raise BaseModelError(f"{folder} lacks {what}: upload a complete Hugging Face folder to base-models/.")


def _check_weights(folder: Path, info: dict[str, Any]) -> None:
    wrong = [str(item) for item in [*info["missing_keys"], *info["mismatched_keys"]]]
    if wrong:
        raise BaseModelError(
            f"{folder}: weights do not fit config.json ({len(wrong)} tensors missing or of another shape, "
            f"such as {wrong[0]}); upload the weights that belong to the configuration."
        )


def _origin(folder: Path) -> dict[str, str]:
    path = folder / "origin.json"
    if not path.exists():
        return {"name": folder.name, "origin": "uploaded Hugging Face folder"}
    return json.loads(path.read_text(encoding="utf8"))
