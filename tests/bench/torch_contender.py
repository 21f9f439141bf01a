"""The model of lib/model.ts in PyTorch, to measure beside ours: `deno task bench` runs it.

    python3 tests/bench/torch_contender.py '{"layers": 4, …, "threads": 2, "task": "train"}'

Says "ready", then answers every line on its standard input with the seconds that an
optimisation step took, or the sampling of a batch, as contender.ts does.
"""
import json
import sys
import time
from pathlib import Path

import torch
from torch.nn import functional as F

sys.path.append(str(Path(__file__).parents[2] / "lib" / "export" / "pytorch"))
from denoiser import Denoiser  # noqa: E402 -- only now on the path
from optimizers import make_optimizers  # noqa: E402

VOCABULARY = 65
MASK = VOCABULARY


def untrained(config):
    """Random parameters at the scale of their input: as much work as trained ones."""
    model = Denoiser(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=parameter.shape[0] ** -0.5)
    return model


def train_round(model, optimizers, batch, length):
    tokens = torch.randint(0, VOCABULARY, (batch, length))
    counts = torch.randint(1, length + 1, (batch, 1))
    mask = torch.rand(batch, length).argsort(-1).argsort(-1) < counts
    rows = mask.view(-1).nonzero().squeeze(1)
    logits = model(torch.where(mask, MASK, tokens), rows)
    nats = F.cross_entropy(logits, tokens.view(-1)[rows], reduction="none")
    weights = (1 / counts / batch).expand(batch, length).reshape(-1)[rows]
    (nats * weights).sum().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
    model.zero_grad(set_to_none=True)


@torch.no_grad()
def sample_round(model, batch, length, steps):
    tokens = torch.full((batch, length), MASK)
    for step in range(steps, 0, -1):
        reveal = (tokens == MASK) & (torch.rand(batch, length) < 1 / step)
        rows = reveal.view(-1).nonzero().squeeze(1)
        drawn = torch.multinomial(torch.softmax(model(tokens, rows), -1), 1).squeeze(1)
        tokens.view(-1)[rows] = drawn


def main():
    a = json.loads(sys.argv[1])
    torch.set_num_threads(a["threads"])
    torch.manual_seed(0)
    model = untrained({**a, "vocabularySize": VOCABULARY, "causal": False})
    optimizers = make_optimizers(model)
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        times, seconds = 0, 0
        while seconds < 2:
            if a["task"] == "train":
                train_round(model, optimizers, a["batch"], a["context"])
            else:
                sample_round(model, a["batch"], a["context"], a["steps"])
            times += 1
            seconds = time.perf_counter() - start
        print(seconds / times, flush=True)


main()
