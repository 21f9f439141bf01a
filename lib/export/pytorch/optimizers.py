"""The optimizers of lib/optimizer/optimizer.ts in PyTorch: AdamW for the embeddings and the head, Muon for
the matrices of the blocks."""

import torch
from torch import distributed as dist


def make_optimizers(model, bfloat16=False):
    """An AdamW and a Muon that share the parameters of a Denoiser; their rates are yet to be set.
    Muon multiplies matrices in 16 bits, if wanted."""
    others = [
        {"params": [model.embedding, model.neighbours], "weight_decay": 0.0},
        {"params": [model.head], "weight_decay": 0.1},
    ]
    matrices = [
        {"params": [parameter], "parts": 3 if name.endswith("qkv") else 1}
        for name, parameter in model.blocks.named_parameters()
    ]
    return torch.optim.AdamW(others, betas=(0.9, 0.95), eps=1e-8), Muon(matrices, bfloat16)


class Muon(torch.optim.Optimizer):
    """Muon for vectors that are rows; in the parameters of a group `parts` matrices stand side by
    side, and go through apart. Of several processes each takes the costly part of the step for a
    share of the groups, and gives the others the result; all have the same memory."""

    def __init__(self, groups, bfloat16):
        super().__init__(groups, {"lr": 0.02, "momentum": 0.9, "weight_decay": 0.1, "parts": 1})
        self.dtype = torch.bfloat16 if bfloat16 else torch.float32

    @torch.no_grad()
    def step(self):
        rank, world = rank_and_world()
        sent = []
        for turn, group in enumerate(self.param_groups):
            (parameter,) = group["params"]
            mean = self.state[parameter].setdefault("exp_avg", torch.zeros_like(parameter))
            mean.lerp_(parameter.grad, 1 - group["momentum"])
            if turn % world == rank:
                self.update(parameter, parameter.grad.lerp(mean, group["momentum"]), group)
            if world > 1:
                sent.append(dist.broadcast(parameter, turn % world, async_op=True))
        for broadcast in sent:
            broadcast.wait()

    def update(self, parameter, ahead, group):
        """Moves a parameter against its gradient, of which `ahead` is the mean with a look ahead."""
        parts = [orthogonalize(part.to(self.dtype)) for part in ahead.chunk(group["parts"], 1)]
        rows, columns = parts[0].shape
        size = max(1, columns / rows) ** 0.5
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        parameter.sub_(torch.cat(parts, 1), alpha=group["lr"] * size)


def rank_and_world():
    """Which of how many processes this is."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def orthogonalize(matrix):
    """Brings the singular values of a matrix near 1, by five Newton–Schulz iterations."""
    rows, columns = matrix.shape
    x = matrix.mT if rows > columns else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        gram = x @ x.mT
        x = 3.4445 * x + (-4.775 * gram + 2.0315 * gram @ gram) @ x
    return x.mT if rows > columns else x
