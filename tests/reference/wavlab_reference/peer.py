# SPDX-License-Identifier: GPL-3.0-or-later
"""The decoder as one would write it in PyTorch to train it: the opponent of `wavlab bench`.

The mathematics is that of `model.py`, against which it is tested. Where that one is written to be read, this one does
nothing twice: fused attention and norms, tables of positions made once, running sums instead of sums over updates,
details made once at the end of their block. Its parameters have the names of a checkpoint. It knows the methods with
their default options and any number of blocks.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from .experiment import HAARES_FIXED, MethodSettings, ModelSettings
from .model import MATCH_EPSILON, ROPE_BASE, balanced_coefficients, is_trained, parameter_shapes, phase_signs
from .model import split_signs

EPSILON = 1e-6
FREE_OPTIONS = {"blocks", "block_size", "init"}


class PeerError(ValueError):
    """A model that this implementation does not know."""


class Linear(nn.Linear):
    """x Wᵀ in the type of x; the master weights are rounded to it first."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__(inputs, outputs, bias=False)

    def forward(self, value: Tensor) -> Tensor:
        return functional.linear(value, self.weight.to(value.dtype))


class RMSNorm(nn.RMSNorm):
    """As nn.RMSNorm, in the type of its input."""

    def __init__(self, width: int):
        super().__init__(width, eps=EPSILON)

    def forward(self, value: Tensor) -> Tensor:
        return functional.rms_norm(value, self.normalized_shape, self.weight.to(value.dtype), self.eps)


def rotate(value: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """RoPE on [B, heads, T, d_head]: channel j turns with channel j + d_head/2."""
    first, second = value.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)


class Attention(nn.Module):
    def __init__(self, settings: ModelSettings):
        super().__init__()
        self.heads = settings.heads
        self.norm = RMSNorm(settings.width)
        self.qkv = Linear(settings.width, 3 * settings.width)
        self.out = Linear(settings.width, settings.width)

    def forward(self, value: Tensor, positions: tuple[Tensor, Tensor]) -> Tensor:
        batch, length, width = value.shape
        joined = self.qkv(self.norm(value)).view(batch, length, 3, self.heads, width // self.heads)
        query, key, content = joined.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(
            rotate(query, *positions), rotate(key, *positions), content, is_causal=True
        )
        return self.out(mixed.transpose(1, 2).reshape(batch, length, width))


class MLP(nn.Module):
    def __init__(self, settings: ModelSettings):
        super().__init__()
        self.norm = RMSNorm(settings.width)
        self.gate = Linear(settings.width, settings.mlp_hidden)
        self.up = Linear(settings.width, settings.mlp_hidden)
        self.down = Linear(settings.mlp_hidden, settings.width)

    def forward(self, value: Tensor, positions: tuple[Tensor, Tensor]) -> Tensor:
        normalised = self.norm(value)
        return self.down(functional.silu(self.gate(normalised)) * self.up(normalised))


class Layer(nn.Module):
    def __init__(self, settings: ModelSettings):
        super().__init__()
        self.attn = Attention(settings)
        self.mlp = MLP(settings)


class OwnParameters(nn.Module):
    """The parameters of a method: `routing.query` and so on, by the last part of their names."""

    def __init__(self, shapes: dict[str, tuple[int, ...]]):
        super().__init__()
        for name, shape in shapes.items():
            self.register_parameter(name, nn.Parameter(torch.zeros(shape)))


def root_mean_square(value: Tensor) -> Tensor:
    return value.square().mean(-1, keepdim=True).sqrt()


class Block:
    """The running sums of one block: what its sources are made of."""

    def __init__(self, block: range):
        self.block = block
        self.done = 0
        self.sums: dict[tuple[str, int], Tensor] = {}  # by kind and sign, and ("summary", 1)

    def add(self, update: Tensor, kinds: list[str]) -> None:
        self.done += 1
        signs = {"phase": phase_signs(list(self.block)), "split": split_signs(self.block, len(self.block))}
        places = [("summary", 1), *((kind, signs[kind][self.done - 1]) for kind in kinds)]
        for place in places:
            self.sums[place] = self.sums[place] + update if place in self.sums else update

    @property
    def complete(self) -> bool:
        return self.done == len(self.block)

    def sources(self, kinds: list[str]) -> list[tuple[str, Tensor]]:
        """The summary, and the matched details of these kinds where they exist."""
        summary = self.sums["summary", 1]
        found = [("content", summary)]
        for kind in kinds:
            signs = (
                phase_signs(list(self.block[: self.done]))
                if kind == "phase"
                else split_signs(self.block, self.done)
            )
            coefficients = balanced_coefficients(signs)
            if coefficients is None:
                continue
            weight = dict(zip(signs, coefficients, strict=True))
            raw = weight[1] * self.sums[kind, 1] + weight[-1] * self.sums[kind, -1]
            with torch.no_grad():
                scale = root_mean_square(summary) / (root_mean_square(raw) + MATCH_EPSILON)
            found.append((kind, scale * raw))
        return found


class Peer(nn.Module):
    """tokens [B, T], targets [B, T] → the mean loss in nats, computed in `dtype`."""

    def __init__(self, settings: ModelSettings, dtype: torch.dtype = torch.float32):
        super().__init__()
        self.settings = settings
        self.dtype = dtype
        self.require_defaults()
        self.embed = nn.Embedding(settings.vocabulary, settings.width)
        self.layers = nn.ModuleList(Layer(settings) for _ in range(settings.layers))
        self.final_norm = RMSNorm(settings.width)
        self.head = Linear(settings.width, settings.vocabulary)
        self.add_own_parameters()
        half = settings.width // settings.heads // 2
        frequency = ROPE_BASE ** (-torch.arange(half, dtype=torch.float64) / half)
        angle = torch.arange(settings.context, dtype=torch.float64)[:, None] * frequency[None, :]
        self.register_buffer("cosine", angle.cos().to(dtype), persistent=False)
        self.register_buffer("sine", angle.sin().to(dtype), persistent=False)

    def require_defaults(self) -> None:
        options, wanted = self.settings.options, MethodSettings()
        fixed = HAARES_FIXED if self.settings.method == "haares" else {}
        for name in options.__dataclass_fields__:
            value = getattr(options, name)
            if name not in FREE_OPTIONS and value != fixed.get(name, getattr(wanted, name)):
                raise PeerError(f"the PyTorch model has no {name} = {value!r}")

    def add_own_parameters(self) -> None:
        own: dict[str, dict[str, tuple[int, ...]]] = {}
        for name, shape in parameter_shapes(self.settings).items():
            module, _, rest = name.partition(".")
            if module in ("routing", "rezero", "layerscale"):
                own.setdefault(module, {})[rest] = shape
        for module, shapes in own.items():
            self.add_module(module, OwnParameters(shapes))
        for name, value in self.named_parameters():
            value.requires_grad_(is_trained(self.settings, name))

    def sublayer(self, number: int, value: Tensor) -> Tensor:
        """u_l = f_l(RMSNorm(h_l)) for l = `number` from 1."""
        layer = self.layers[(number - 1) // 2]
        length = value.shape[1]
        positions = (self.cosine[:length], self.sine[:length])
        return (layer.attn if number % 2 == 1 else layer.mlp)(value, positions)

    def added(self, stream: Tensor) -> Tensor:
        """The last state of a method that adds to one stream."""
        for number in range(1, self.settings.sublayers + 1):
            update = self.sublayer(number, stream)
            if self.settings.method == "rezero":
                update = self.rezero.alpha[number - 1].to(self.dtype) * update
            elif self.settings.method in ("layerscale", "block_layerscale"):
                size = 1 if self.settings.method == "layerscale" else self.settings.block_size
                update = getattr(self.layerscale, "lambda")[(number - 1) // size].to(self.dtype) * update
            stream = stream + update
        return stream

    def route(self, router: int, sources: list[tuple[str, Tensor]]) -> Tensor:
        """h_l for l = `router`."""
        values = torch.stack([value for _, value in sources])  # [S, B, T, d]
        gain = self.routing.key_gain[router - 1].to(self.dtype)
        keys = functional.rms_norm(values, gain.shape, gain, EPSILON)
        logits = keys @ self.routing.query[router - 1].to(self.dtype)  # [S, B, T]
        if self.settings.has_details:
            bias = functional.pad(self.routing.detail_bias[router - 1], (1, 0))
            columns = [("content", "phase", "split").index(kind) for kind, _ in sources]
            logits = logits + bias[columns][:, None, None]
        weights = torch.softmax(logits, dim=0, dtype=torch.promote_types(self.dtype, torch.float32))
        return (weights.to(self.dtype)[..., None] * values).sum(0)

    def routed(self, embedding: Tensor) -> Tensor:
        """The last state of a method that routes."""
        settings = self.settings
        details = [kind for kind in ("phase", "split") if settings.has_details and getattr(settings.options, kind)]
        online = details if settings.options.detail_scope == "online" else []
        completed = [("content", embedding)]
        for sublayers in settings.block_ranges:
            block = Block(sublayers)
            for number in sublayers:
                running = block.sources(online) if block.done else []
                block.add(self.sublayer(number, self.route(number, completed + running)), details)
            completed = completed + block.sources(details)
        return self.route(settings.sublayers + 1, completed)

    def forward(self, tokens: Tensor, targets: Tensor) -> Tensor:
        embedding = self.embed(tokens).to(self.dtype)
        last = self.routed(embedding) if self.settings.routed else self.added(embedding)
        logits = self.head(self.final_norm(last))
        wide = torch.promote_types(self.dtype, torch.float32)
        return functional.cross_entropy(logits.flatten(0, 1).to(wide), targets.flatten())
