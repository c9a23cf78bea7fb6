"""A small causal language model of SmolLM2's architecture (Llama), trained on a catalogue's text.

It stands in where no pretrained model can be downloaded. It knows nothing but the catalogue, and its `origin.json` says so.
"""

import gzip
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from .errors import DataError

VOCABULARY = 4096
DIMENSION = 192
LAYERS = 6
CONTEXT = 64
"""Tokens of a training sequence."""
BATCH = 32
STEPS = 150
LEARNING_RATE = 3e-3


def train_base_model(catalogue: Path, out: Path, seed: int = 1) -> dict[str, str | int]:
    """Trains tokenizer and model on the items of a JSON lines file and writes a Hugging Face folder.

    Returns:
        The content of `origin.json`.

    Raises:
        DataError: the file is missing, is not JSON lines or has no text.
    """
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    texts = read_texts(catalogue)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=train_tokenizer(texts), unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="</s>"
    )
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=DIMENSION,
        intermediate_size=DIMENSION * 8 // 3,
        num_hidden_layers=LAYERS,
        num_attention_heads=6,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = LlamaForCausalLM(config)
    order = torch.randperm(len(texts)).tolist()
    joined = tokenizer.eos_token.join(f" {texts[index]}" for index in order)
    tokens = torch.tensor(tokenizer(joined)["input_ids"])
    tokens = tokens.repeat(-(-(CONTEXT + 1) // len(tokens)))  # a tiny catalogue still fills one sequence
    optimizer = torch.optim.AdamW(model.parameters(), LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=STEPS)
    for step in range(STEPS):
        starts = torch.randint(0, len(tokens) - CONTEXT, (BATCH, 1))
        batch = tokens[starts + torch.arange(CONTEXT)]  # [batch, context]
        loss = model(input_ids=batch, labels=batch).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 20 == 0 or step + 1 == STEPS:
            print(f"stage=base-model progress={(step + 1) / STEPS:.3f} loss={float(loss.detach()):.3f}", flush=True)
    model.half().save_pretrained(out)
    tokenizer.save_pretrained(out)
    return {
        "name": "catalogue-llama",
        "origin": f"trained at set-up on the text of {catalogue.name} ({len(texts)} items), not a pretrained model",
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }


def read_texts(catalogue: Path) -> list[str]:
    """One text an item: all its fields but the id, the title first."""
    opened = gzip.open if catalogue.suffix == ".gz" else open
    texts = []
    try:
        with opened(catalogue, "rt", encoding="utf8") as lines:
            for line in lines:
                fields = {name: value for name, value in json.loads(line).items() if name != "item_id" and value}
                title = fields.pop("title", "")
                texts.append(", ".join([str(title), *(f"{name}: {value}" for name, value in fields.items())]))
    except FileNotFoundError:
        raise DataError(f"{catalogue} is missing: pass the catalogue with --catalogue.") from None
    except (ValueError, AttributeError) as error:
        raise DataError(f"{catalogue} is not JSON lines of items: {error}") from None
    if not texts:
        raise DataError(f"{catalogue} has no items.")
    return texts


def train_tokenizer(texts: list[str]) -> Tokenizer:
    """Byte-level BPE: every text can be encoded, whatever its script."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<unk>", "<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer
