"""The model of lib/model.ts in PyTorch, to measure beside ours: `deno task bench` runs it.

    python3 tests/bench/torch_contender.py '{"task": "train", "layers": 4, …, "threads": 2}'

Says "ready", then answers every line on its standard input with the seconds that an
optimisation step took, or the sampling of a batch, as contender.ts does; or that the next of the
`products` took, if that is the task. With "compiled", torch.compile makes kernels for the model
and for Muon; with "bits": 16, matrices are multiplied in bfloat16; with "backend": "webgpu" all is
done by the graphics card that PyTorch knows. The task "about" prints what PyTorch this is, and ends.
"""
import itertools
import json
import re
import sys
import time
from pathlib import Path

import torch
from torch.nn import functional as F

sys.path.append(str(Path(__file__).parents[2] / "lib" / "export" / "pytorch"))
import optimizers  # noqa: E402 -- only now on the path
from denoiser import Denoiser  # noqa: E402

VOCABULARY = 65
MASK = VOCABULARY
# Sequences that go through the model at once on the processor. With 8 what it computes stays in the
# cache, and it is faster than with all of a batch.
AT_ONCE = 8


class Contender:
    def __init__(self, contest):
        self.batch, self.length = contest["batch"], contest["context"]
        self.steps, self.compiled = contest["steps"], contest.get("compiled", False)
        self.low = contest.get("bits") == 16
        self.device = device_of(contest)
        self.at_once = AT_ONCE if self.device == "cpu" else self.batch
        self.model = untrained({**contest, "vocabularySize": VOCABULARY, "causal": False})
        if self.compiled:
            compile_ = lambda function: torch.compile(function, dynamic=False)  # noqa: E731
            self.logits, self.loss = compile_(self.logits), compile_(self.loss)
            optimizers.orthogonalize = compile_(optimizers.orthogonalize)
        self.optimizers = optimizers.make_optimizers(self.model, self.low)

    def logits(self, *given):
        with torch.autocast(self.device, torch.bfloat16, enabled=self.low):
            return self.model(*given).float()

    def loss(self, noisy, tokens, weights, rows=slice(None)):
        nats = F.cross_entropy(self.logits(noisy, rows), tokens.view(-1)[rows], reduction="none")
        return (nats * weights.view(-1)[rows]).sum()

    def train(self):
        tokens = torch.randint(0, VOCABULARY, (self.batch, self.length))
        counts = torch.randint(1, self.length + 1, (self.batch, 1))
        mask = torch.rand(self.batch, self.length).argsort(-1).argsort(-1) < counts
        weights = mask / counts / self.batch
        noisy = torch.where(mask, MASK, tokens)
        for part in zip(*(x.split(self.at_once) for x in (noisy, tokens, weights))):
            # Compiled kernels are fastest for shapes that never change: they take the head and the
            # loss of all places, some with no weight.
            rows = () if self.compiled else (places(part[2] > 0),)
            self.loss(*part, *rows).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
        self.model.zero_grad(set_to_none=True)

    @torch.no_grad()
    def sample(self):
        tokens = torch.full((self.batch, self.length), MASK)
        for step in range(self.steps, 0, -1):
            for part in tokens.split(self.at_once):
                reveal = (part == MASK) & (torch.rand(part.shape) < 1 / step)
                rows = places(reveal)
                logits = self.logits(part)[rows] if self.compiled else self.logits(part, rows)
                if len(rows) > 0:
                    drawn = torch.multinomial(torch.softmax(logits, -1), 1).squeeze(1)
                    part.view(-1)[rows] = drawn


def places(mask):
    return mask.reshape(-1).nonzero().squeeze(1)


def untrained(config):
    """Random parameters at the scale of their input: as much work as trained ones."""
    model = Denoiser(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=parameter.shape[0] ** -0.5)
    return model


def product_rounds(products):
    """For ever the seconds of the next product, its factors transposed as it says."""
    factors = []
    for p in products:
        count, rows, depth, columns = (p[name] for name in ("count", "rows", "depth", "columns"))
        a = torch.randn(count, depth, rows).mT if p.get("left") else torch.randn(count, rows, depth)
        b = torch.randn(count, columns, depth).mT if p.get("right") else torch.randn(count, depth, columns)
        single = count == 1  # mm has less to look at than bmm
        factors.append((torch.mm, a[0], b[0]) if single else (torch.bmm, a, b))
    for multiply, a, b in itertools.cycle(factors):
        best, end = float("inf"), time.perf_counter() + 0.05
        while time.perf_counter() < end:
            start = time.perf_counter()
            multiply(a, b)
            best = min(best, time.perf_counter() - start)
        yield best


def two_seconds(do, device):
    """For ever the seconds that a call takes, of as many as two seconds hold."""
    while True:
        start = time.perf_counter()
        times, seconds = 0, 0
        while seconds < 2:
            do()
            times += 1
            wait_for(device)
            seconds = time.perf_counter() - start
        yield seconds / times


def card():
    """The kind of graphics card that PyTorch can use, if any."""
    if torch.cuda.is_available():
        return "cuda"
    mps = getattr(torch.backends, "mps", None)  # which old versions lack
    return "mps" if mps and mps.is_available() else None


def device_of(contest):
    return card() if contest.get("backend") == "webgpu" else "cpu"


def wait_for(device):
    """Until it has done all that it was given; ours waits for each step's loss, too."""
    if device != "cpu":
        getattr(torch, device).synchronize()


def about():
    """Version, the library that multiplies matrices, registers, and whether there is a compiler."""
    told = torch.__config__.show()
    mkl = re.search(r"Math Kernel Library Version (\d+\.\d+)", told)
    blas = re.search(r"BLAS_INFO=(\w+)", told)
    registers = re.search(r"CPU capability usage: (\w+)", told)
    multiplies = f"MKL {mkl[1]}" if mkl else {"open": "OpenBLAS"}.get(blas and blas[1], "other BLAS")
    parts = [f"PyTorch {torch.__version__}", multiplies, registers and registers[1]]
    version = ", ".join(part for part in parts if part)
    return {"version": version, "compiles": compiles(), "card": card()}


def compiles():
    try:
        torch.compile(lambda x: x.sin() + 1)(torch.ones(8))
        return True
    except Exception:  # of many kinds: no torch.compile in version 1, no compiler, no headers
        return False


def main():
    contest = json.loads(sys.argv[1])
    if contest["task"] == "about":
        return print(json.dumps(about()))
    torch.set_num_threads(contest["threads"])
    torch.manual_seed(0)
    if device_of(contest) != "cpu":
        torch.set_default_device(device_of(contest))
    if contest["task"] == "products":
        rounds = product_rounds(contest["products"])
    else:
        contender = Contender(contest)
        work = contender.train if contest["task"] == "train" else contender.sample
        rounds = two_seconds(work, contender.device)
    print("ready", flush=True)
    for _ in sys.stdin:
        print(next(rounds), flush=True)


main()
