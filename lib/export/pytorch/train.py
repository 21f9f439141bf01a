"""Trains on from a checkpoint of `deno task train`, over several processes, GPUs or machines.

    torchrun --nproc_per_node 2 lib/export/pytorch/train.py runs/large-1/checkpoint.safetensors \\
        --corpus data/cache/tinyshakespeare.txt --steps 20000 --out runs/further/checkpoint.safetensors

The objective, the optimizer and the hyperparameters are those of lib/objective.ts,
lib/optimizer/optimizer.ts and the checkpoint; the windows and the masks are drawn in another way, so the
curve goes on alike and not the same. `deno task sample`, `evaluate` and `train --resume` read
what it writes. How many processes share a batch changes a run no more than the order of a sum does.
"""

import argparse
import hashlib
import json
import math
import os
import random
import sys
import time
from pathlib import Path

import torch
from denoiser import Denoiser, read_safetensors, write_safetensors
from optimizers import make_optimizers, rank_and_world
from torch import distributed as dist
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

SLOTS = {"mean": "exp_avg", "meanSquare": "exp_avg_sq"}  # what the file calls PyTorch's


class Learner:
    """A model, the optimizers' memory, and its running mean; each process has a copy. All
    numbers have 32 bits; when matrices are multiplied, they may have 16."""

    def __init__(self, config, tensors, step, device="cpu", bfloat16=False, compiled=False):
        self.device, self.bfloat16 = device, bfloat16
        self.model = Denoiser(config).to(device)
        self.average = Denoiser(config).to(device)
        names = list(self.model.state_dict())
        self.model.load_state_dict({name: tensors[f"training.parameters.{name}"] for name in names})
        self.average.load_state_dict({name: tensors[name] for name in names})
        self.parallel = torch.compile(self.model, dynamic=False) if compiled else self.model
        if dist.is_initialized():
            self.parallel = DistributedDataParallel(self.parallel)

        self.optimizers = make_optimizers(self.model, bfloat16)
        for name, state in self.states():
            state["step"] = torch.tensor(float(step))  # which AdamW wants to know
            for part, slot in SLOTS.items():
                if f"training.{part}.{name}" in tensors:
                    state[slot] = tensors[f"training.{part}.{name}"].to(device)

    def states(self):
        """What an optimizer remembers, by the parameter's name."""
        names = {parameter: name for name, parameter in self.model.named_parameters()}
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    yield names[parameter], optimizer.state[parameter]

    def step(self, batch, step, learning_rates):
        """One step on a batch, of which this process takes its share, at the rates of AdamW and
        Muon; the loss of all of it."""
        rank, world = rank_and_world()
        clean, noisy, weights = (part[rank::world].to(self.device) for part in batch)
        self.model.zero_grad()
        kind = torch.device(self.device).type
        with torch.autocast(kind, torch.bfloat16, enabled=self.bfloat16):
            loss = noisy_loss(self.parallel, clean, noisy, weights)
        (loss * world).backward()  # the gradients are averaged, and should be added
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer, learning_rate in zip(self.optimizers, learning_rates):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate
            optimizer.step()
        with torch.no_grad():
            keep = min(0.995, step / (step + 10))
            for mean, parameter in zip(self.average.parameters(), self.model.parameters()):
                mean.lerp_(parameter, 1 - keep)
        # A loss lives until the next one is there: if a thread of Gloo were the last to hold it, the
        # thread would need the interpreter's lock to let go, which the end of the program keeps.
        self.loss = loss.detach()
        if dist.is_initialized():
            dist.all_reduce(self.loss)
        return self.loss.item()

    def tensors(self):
        """What a checkpoint keeps, by name."""
        tensors = dict(self.average.state_dict())
        for name, parameter in self.model.named_parameters():
            tensors[f"training.parameters.{name}"] = parameter
        for name, state in self.states():
            for part, slot in SLOTS.items():
                if slot in state:
                    tensors[f"training.{part}.{name}"] = state[slot]
        return tensors


def noisy_loss(model, clean, noisy, weights):
    """The weighted surprisals of the masked characters, in nats; all three are [B, T]."""
    rows = weights.flatten().nonzero().squeeze(1)  # [N]
    logits = model(noisy)[rows]  # of all places, so that a compiled model sees one shape alone
    nats = F.cross_entropy(logits, clean.flatten()[rows], reduction="none")
    return (nats * weights.flatten()[rows]).sum()


def draw_batch(split, mask, settings, step):
    """Windows, each of them twice, with what the one reading shows masked in the other, and how
    much each mask counts, [B, T] each; a pure function of the seed and the step."""
    draw = random.Random(f"{settings['seed']} {step}")
    batch, length = settings["batch"], settings["context"]
    pairs = (batch + 1) // 2
    starts = [draw.randrange(len(split) - length + 1) for _ in range(pairs)]
    clean = torch.stack([split[start : start + length] for start in starts])  # [B / 2, T]
    masked, offset = torch.zeros(clean.shape, dtype=torch.bool), draw.random()
    for b in range(pairs):
        count = int((offset + b / pairs) % 1 * (length + 1))
        masked[b, draw.sample(range(length), count)] = True
    clean, masked = clean.repeat_interleave(2, 0), torch.stack([masked, ~masked], 1).flatten(0, 1)
    clean, masked = clean[:batch], masked[:batch]
    weights = masked / masked.sum(1, keepdim=True).clamp(min=1).sqrt()
    total = weights.sum().clamp(min=1)  # less than 1 only where nothing is masked
    return clean, clean.masked_fill(masked, mask), weights / total


def learning_rates_at(step, settings):
    """AdamW's and Muon's."""
    rise = min(1, step / (settings["warmupSteps"] + 1))
    share = rise * (1 - (step - 1) / settings["steps"])
    return [settings[name] * share for name in ("learningRate", "matrixLearningRate")]


def read_corpus(path, metadata):
    """The training part of the text that the checkpoint learned from, as ids."""
    with open(path, "rb") as file:
        data = file.read()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        sys.exit(f"{path} is not UTF-8 text: give the text that the run learned from.")
    name, sha256 = (json.loads(metadata["corpus"])[key] for key in ("name", "sha256"))
    if hashlib.sha256(text.encode()).hexdigest() != sha256:
        sys.exit(f"{path} is not the text that the run learned from, {name}: give that one.")
    ids = {character: i for i, character in enumerate(json.loads(metadata["vocabulary"]))}
    return torch.tensor([ids[character] for character in text[: len(text) * 9 // 10]])


def assert_writable(path):
    """Makes the folder of a file, and finds out in time whether the file can be written."""
    if path.is_dir():
        sys.exit(f"{path} is a folder: name the file to write with --out.")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(f"{path}.tmp")
    temporary.touch()
    temporary.unlink(missing_ok=True)  # another process may have done so


def positive(text):
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint")
    parser.add_argument("--corpus", required=True, help="the text it learned from")
    parser.add_argument("--steps", type=int, required=True, help="of the run, from its beginning on")
    parser.add_argument("--save-every", type=positive, default=1000, help="steps between checkpoints")
    parser.add_argument("--out", required=True, help="the checkpoint to write")
    parser.add_argument("--bfloat16", action="store_true", help="multiply matrices in 16 bits")
    parser.add_argument("--compile", action="store_true", help="have torch.compile make kernels first")
    arguments = parser.parse_args()
    if "RANK" not in os.environ:
        sys.exit("Start this with torchrun, which tells each process of the others.")
    device = "cpu"
    if torch.cuda.is_available():
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    dist.init_process_group("gloo" if device == "cpu" else "nccl")

    tensors, metadata = read_safetensors(arguments.checkpoint)
    if "training" not in metadata:
        sys.exit("This is a finished model without the optimizer's state: it cannot be trained on.")
    version = json.loads((Path(__file__).parents[3] / "deno.json").read_text())["version"]
    if metadata["version"] != version:
        sys.exit(f"The run was trained with version {metadata['version']}, and this is {version}.")
    config, training = json.loads(metadata["config"]), json.loads(metadata["training"])
    if config["causal"]:
        sys.exit("This trains denoisers, and the checkpoint has a causal model.")
    if not training["settings"].get("muon", True):
        sys.exit("This trains matrices with Muon, and the run began without it.")
    settings = {**training["settings"], "steps": arguments.steps}
    settings.pop("seconds", None)
    start, seconds = training["done"]["step"], training["done"]["seconds"]
    if start >= arguments.steps:
        sys.exit(f"The run has all of its {start} steps: give more --steps to go on.")
    split = read_corpus(arguments.corpus, metadata)
    if settings["batch"] < dist.get_world_size():
        processes = dist.get_world_size()
        sys.exit(f"A batch of {settings['batch']} cannot be shared by {processes} processes: start fewer.")
    assert_writable(Path(arguments.out))
    learner = Learner(config, tensors, start, device, arguments.bfloat16, arguments.compile)
    for step in range(start + 1, settings["steps"] + 1):
        began = time.perf_counter()
        batch = draw_batch(split, config["vocabularySize"], settings, step)
        loss = learner.step(batch, step, learning_rates_at(step, settings))
        seconds += time.perf_counter() - began
        if not math.isfinite(loss):
            advice = "start again with lower learning rates"
            if arguments.bfloat16:  # --compile gets them wrong on some processors that lack them
                advice += ", or without --bfloat16"
            sys.exit(f"The loss became {loss} at step {step}: {advice}.")
        if dist.get_rank() > 0:
            continue
        print(json.dumps({"step": step, "loss": loss}), flush=True)
        if step % arguments.save_every == 0 or step == settings["steps"]:
            done = {"step": step, "seconds": seconds}
            metadata.pop("kernels", None)  # whose numbers these no longer are
            metadata["training"] = json.dumps({"done": done, "settings": settings})
            write_safetensors(arguments.out, learner.tensors(), metadata)
    dist.destroy_process_group()


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"{error.filename} cannot be read or written: {error.strerror}.")
