"""The optimizers of lib/optimizer.ts in PyTorch: AdamW for the embeddings and the head, Muon for
the matrices of the blocks."""

import torch


def make_optimizers(model):
    """An AdamW and a Muon that share the parameters of a Denoiser; their rates are yet to be set."""
    others = [
        {"params": [model.embedding, model.neighbours], "weight_decay": 0.0},
        {"params": [model.head], "weight_decay": 0.1},
    ]
    matrices = [
        {"params": [parameter], "parts": 3 if name.endswith("qkv") else 1}
        for name, parameter in model.blocks.named_parameters()
    ]
    return torch.optim.AdamW(others, betas=(0.9, 0.95), eps=1e-8), Muon(matrices)


class Muon(torch.optim.Optimizer):
    """Muon for vectors that are rows; in the parameters of a group `parts` matrices stand side by
    side, and go through apart."""

    def __init__(self, groups):
        super().__init__(groups, {"lr": 0.02, "momentum": 0.95, "weight_decay": 0.1, "parts": 1})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                state, gradient = self.state[parameter], parameter.grad
                mean = state.setdefault("exp_avg", torch.zeros_like(parameter))
                mean.lerp_(gradient, 1 - group["momentum"])
                ahead = gradient.lerp(mean, group["momentum"])
                parts = [orthogonalize(part) for part in ahead.chunk(group["parts"], 1)]
                rows, columns = parts[0].shape
                size = max(1, columns / rows) ** 0.5
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.sub_(torch.cat(parts, 1), alpha=group["lr"] * size)


def orthogonalize(matrix):
    """Brings the singular values of a matrix near 1, by five Newton–Schulz iterations."""
    rows, columns = matrix.shape
    x = matrix.mT if rows > columns else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        gram = x @ x.mT
        x = 3.4445 * x + (-4.775 * gram + 2.0315 * gram @ gram) @ x
    return x.mT if rows > columns else x
