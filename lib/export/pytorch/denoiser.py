"""The model of lib/model.ts in PyTorch, and the files it is kept in.

    from denoiser import load
    model, metadata = load("runs/laptop-1/checkpoint.safetensors")
    logits = model(tokens)  # tokens [B, T] with masks, logits [B·T, V]

The names and shapes of its parameters are those of the file, so a model that was trained
elsewhere under these names runs here, and one trained here runs there:

    embedding               [V + 1, D]      a row for each character, then one for the mask
    neighbours              [K·(V + 1), D]  the same for each of a place's K neighbours: the four
                                            before it, nearest first, and unless the model is
                                            causal the four after it
    blocks.I.attention.qkv  [D, 3·D]        queries, keys and values, the heads of each side by side
    blocks.I.attention.out  [D, D]
    blocks.I.mlp.up         [D, 4·D]
    blocks.I.mlp.down       [4·D, D]
    head                    [D, V]

Vectors are rows: x @ qkv. There are no biases and no learned gains.
"""

import ctypes
import hashlib
import json
import os
import struct
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

REACH = 4
MAX_HEADER_BYTES = 1_000_000
BLANK = "0" * 64  # what stands in the place of a checksum while it is computed
DTYPES = {"F32": torch.float32, "F16": torch.float16}


def rms_norm(x):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6)


def rotary(x):
    """Turns the pairs (i, i + Dh/2) of x [..., T, Dh] by an angle that grows with the position."""
    length, half = x.shape[-2], x.shape[-1] // 2
    position = torch.arange(length, device=x.device, dtype=torch.float32)  # 16 bits are too few
    pair = torch.arange(half, device=x.device, dtype=torch.float32)
    angles = position[:, None] / 10_000 ** (pair / half)  # [T, Dh/2]
    cos, sin = angles.cos(), angles.sin()
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos + b * sin, b * cos - a * sin], -1)


def matrix(rows, columns):
    return nn.Parameter(torch.zeros(rows, columns))


class Attention(nn.Module):
    def __init__(self, width, heads, causal):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.qkv, self.out = matrix(width, 3 * width), matrix(width, width)

    def forward(self, x):  # [B, T, D]
        batch, length, width = x.shape
        parts = (x @ self.qkv).view(batch, length, 3, self.heads, -1)
        q, k, v = parts.permute(2, 0, 3, 1, 4)  # [B, H, T, Dh] each
        scores = rms_norm(rotary(q)) @ rms_norm(rotary(k)).mT / q.shape[-1] ** 0.5
        if self.causal:
            later = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
            scores = scores.masked_fill(later, -1e9)
        mixed = scores.softmax(-1) @ v  # [B, H, T, Dh]
        return mixed.transpose(1, 2).reshape(batch, length, width) @ self.out


class Mlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.up, self.down = matrix(width, 4 * width), matrix(4 * width, width)

    def forward(self, x):
        return (x @ self.up).relu().square() @ self.down


class Block(nn.Module):
    def __init__(self, width, heads, causal):
        super().__init__()
        self.attention, self.mlp = Attention(width, heads, causal), Mlp(width)

    def forward(self, x):
        x = x + self.attention(rms_norm(x))
        return x + self.mlp(rms_norm(x))


class Denoiser(nn.Module):
    """A transformer of a checkpoint's config; its parameters are zero until they are loaded."""

    def __init__(self, config):
        super().__init__()
        characters, width = config["vocabularySize"], config["width"]
        distances = list(range(1, REACH + 1))
        self.offsets = [-n for n in distances] + ([] if config["causal"] else distances)
        self.embedding = matrix(characters + 1, width)
        self.neighbours = matrix(len(self.offsets) * (characters + 1), width)
        self.blocks = nn.ModuleList(
            Block(width, config["heads"], config["causal"]) for _ in range(config["layers"])
        )
        self.head = matrix(width, characters)

    def forward(self, tokens, rows=slice(None)):
        """Logits [N, V] of some of the B·T places of tokens [B, T]; of all, if left out."""
        x = rms_norm(F.embedding(tokens, self.embedding) + self.around(tokens))  # [B, T, D]
        for block in self.blocks:
            x = block(x)
        return rms_norm(x.flatten(0, 1)[rows]) @ self.head

    def around(self, tokens):
        """What its neighbours tell each place: the sum of their rows, [B, T, D]."""
        batch, length = tokens.shape
        rows = len(self.neighbours)
        nobody = self.neighbours.new_zeros(1, self.neighbours.shape[1])  # stands beyond the ends
        padded = F.pad(tokens, (REACH, REACH), value=rows)
        indices = [
            padded[:, REACH + offset :][:, :length] + k * len(self.embedding)
            for k, offset in enumerate(self.offsets)
        ]
        bags = torch.stack(indices, -1).clamp(max=rows)  # [B, T, K]
        table = torch.cat([self.neighbours, nobody])
        return F.embedding_bag(bags.flatten(0, 1), table, mode="sum").view(batch, length, -1)


def load(path):
    """The averaged model of a checkpoint, and the checkpoint's metadata."""
    tensors, metadata = read_safetensors(path)
    model = Denoiser(json.loads(metadata["config"]))
    model.load_state_dict({name: tensors[name].float() for name in model.state_dict()})
    return model, metadata


def read_safetensors(path):
    """The tensors and the texts of a file, by name; a checksum must be that of the file."""
    with open(path, "rb") as file:
        beginning = file.read(8)
        text = file.read(min(int.from_bytes(beginning, "little"), MAX_HEADER_BYTES))
        data = bytearray(file.read())
    try:
        header = json.loads(text)
        metadata = header.pop("__metadata__", {})
        verify(path, metadata.get("checksum"), beginning, text, data)
        tensors = {name: read_tensor(data, **entry) for name, entry in header.items()}
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError):
        sys.exit(f"{path} is no checkpoint of this library: give one.")
    return tensors, metadata


def verify(path, checksum, beginning, text, data):
    """Ends the program unless a file has its checksum, if it has one at all."""
    if checksum is None:
        return
    sha256 = hashlib.sha256(beginning + text.replace(checksum.encode(), BLANK.encode(), 1))
    sha256.update(data)
    if sha256.hexdigest() != checksum:
        sys.exit(f"{path} is not as it was written: it was damaged or changed, so copy it again.")


def read_tensor(data, dtype, shape, data_offsets):
    begin, end = data_offsets
    return torch.frombuffer(data[begin:end], dtype=DTYPES[dtype]).reshape(shape)


def write_safetensors(path, tensors, metadata):
    """Writes a file of float32, with its checksum as in lib/training/sealed_checkpoint.ts, whole or
    not at all."""
    metadata = {"checksum": BLANK, **{name: metadata[name] for name in metadata if name != "checksum"}}
    header, chunks, end = {"__metadata__": metadata}, [], 0
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            sys.exit(f"The numbers of {name} are more than 32 bits can hold, so nothing is written.")
        flat = tensor.detach().float().cpu().contiguous()
        chunk = ctypes.string_at(flat.data_ptr(), 4 * flat.numel())  # PyTorch may lack NumPy
        header[name] = {
            "dtype": "F32",
            "shape": list(tensor.shape),
            "data_offsets": [end, end + len(chunk)],
        }
        chunks.append(chunk)
        end += len(chunk)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    sha256 = hashlib.sha256()
    for part in (beginning := struct.pack("<Q", len(text)) + text, *chunks):
        sha256.update(part)
    beginning = beginning.replace(BLANK.encode(), sha256.hexdigest().encode(), 1)
    temporary = Path(f"{path}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(beginning + b"".join(chunks))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        sys.exit(f"{path} cannot be written ({error.strerror}): it is as it was before.")
