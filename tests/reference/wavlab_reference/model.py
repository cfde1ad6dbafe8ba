# SPDX-License-Identifier: GPL-3.0-or-later
"""The decoder with every routing method, in plain PyTorch.

Sublayers are numbered l = 1..2L (odd: attention, even: MLP); u_l is the output of sublayer l, h_l what
enters it, x_0 the embedding output. Router l mixes what enters sublayer l; router 2L+1 stands before the
final norm. Parameters live in a dictionary under their names in a checkpoint. Everything is computed in
the type of the parameters: float32, or float64 for checks.
"""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from .experiment import ModelSettings

MATCH_EPSILON = 1e-6
ROPE_BASE = 10000.0
KIND_COLUMN = {"phase": 0, "split": 1}  # columns of routing.detail_bias, rows of routing.detail_sign


@dataclass
class Source:
    """Something a router can read: its label, its kind (content, phase or split), its value [B, T, d]."""

    label: str
    kind: str
    value: Tensor


@dataclass
class Detail:
    """A detail source as it was made: raw contrast, the scale that matches it, and what it belongs to."""

    label: str
    kind: str
    summary: Tensor  # [B, T, d] the block summary, or the running partial sum
    raw: Tensor  # [B, T, d] before matching
    scale: Tensor  # [B, T, 1] or [] by rms_match
    matched: Tensor  # [B, T, d] the source's value


@dataclass
class Router:
    """What one router did: the labels of its sources, logits and weights [B, T, S], and the values [B, T, d].

    Weights are those that the router gave, before any removal.
    """

    labels: list[str]
    logits: Tensor
    weights: Tensor
    values: list[Tensor]


@dataclass(frozen=True)
class Removal:
    """Sources that routers do without: `places` holds their places among a router's sources, by its number.

    h' is Σ α_i v_i over the kept sources, with `renormalise` divided by Σ α_i over them. The state becomes
    h + share · (h' - h): a share of 1 is the removal, a small one is for finite differences.
    """

    places: dict[int, set[int]]
    renormalise: bool = False
    share: float = 1.0

    def apply(self, number: int, state: Tensor, router: Router) -> Tensor:
        removed = self.places.get(number, set())
        kept = [i for i in range(len(router.values)) if i not in removed]
        if len(kept) == len(router.values):
            return state
        without = sum(
            (router.weights[..., i, None] * router.values[i] for i in kept), torch.zeros_like(state)
        )
        if self.renormalise:
            without = without / sum(router.weights[..., i, None] for i in kept)
        return state + self.share * (without - state)


@dataclass
class Output:
    """The result of a forward pass. `inputs[l-1]` is h_l (2L+1 of them), `updates[l-1]` is u_l (2L)."""

    logits: Tensor = None
    loss: Tensor | None = None
    embedding: Tensor = None
    inputs: list[Tensor] = field(default_factory=list)
    updates: list[Tensor] = field(default_factory=list)
    normalised: Tensor = None  # [B, T, d] after the final norm
    routers: list[Router] = field(default_factory=list)  # 2L+1 in routed methods, else none
    details: dict[tuple[int, str], Detail] = field(default_factory=dict)  # by (router, label)


def rms_norm(value: Tensor, gain: Tensor | None, epsilon: float) -> Tensor:
    """v / sqrt(mean(v²) + eps) ⊙ gain over the last axis."""
    normalised = value / torch.sqrt(value.square().mean(-1, keepdim=True) + epsilon)
    return normalised if gain is None else normalised * gain


def root_mean_square(value: Tensor, whole_tensor: bool = False) -> Tensor:
    """sqrt(mean(v²)) of every token [B, T, 1], or of the whole tensor []; its gradient at 0 is 0."""
    mean = value.square().mean() if whole_tensor else value.square().mean(-1, keepdim=True)
    positive = mean > 0
    # The inner `where` keeps the infinite slope of sqrt at 0 out of the backward pass.
    root = torch.sqrt(torch.where(positive, mean, torch.ones_like(mean)))
    return torch.where(positive, root, torch.zeros_like(root))


def rotate(value: Tensor) -> Tensor:
    """RoPE on [B, heads, T, d_head]: channel j turns with channel j + d_head/2."""
    length, channels = value.shape[-2:]
    half = channels // 2
    frequency = ROPE_BASE ** (-torch.arange(half, dtype=torch.float64) * 2 / channels)
    angle = torch.arange(length, dtype=torch.float64)[:, None] * frequency[None, :]  # [T, half]
    cosine, sine = angle.cos().to(value.dtype), angle.sin().to(value.dtype)
    first, second = value[..., :half], value[..., half:]
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine], dim=-1)


def balanced_coefficients(signs: list[int]) -> list[float] | None:
    """Zero-sum coefficients from signs: +n/(2 n_plus) and −n/(2 n_minus); None when a side is empty."""
    count, plus = len(signs), sum(sign > 0 for sign in signs)
    minus = count - plus
    if plus == 0 or minus == 0:
        return None
    return [count / (2 * plus) if sign > 0 else -count / (2 * minus) for sign in signs]


def phase_signs(sublayers: list[int]) -> list[int]:
    """+1 on attention (odd) sublayers, −1 on MLP (even) sublayers."""
    return [1 if number % 2 == 1 else -1 for number in sublayers]


def split_signs(block: range, done: int) -> list[int]:
    """+1 on the first ceil(n/2) sublayers of a block of n, −1 on the rest, for the first `done` of them."""
    first_half = -(-len(block) // 2)
    return [1 if index < first_half else -1 for index in range(done)]


def cait_init(layers: int) -> float:
    """CaiT's rule for LayerScale."""
    if layers <= 18:
        return 0.1
    return 1e-5 if layers <= 24 else 1e-6


def parameter_shapes(settings: ModelSettings) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor that a checkpoint of this model holds."""
    d, f, vocabulary, routers = (
        settings.width,
        settings.mlp_hidden,
        settings.vocabulary,
        settings.sublayers + 1,
    )
    shapes = {"embed.weight": (vocabulary, d)}
    for i in range(settings.layers):
        shapes |= {
            f"layers.{i}.attn.norm.weight": (d,),
            f"layers.{i}.attn.qkv.weight": (3 * d, d),
            f"layers.{i}.attn.out.weight": (d, d),
            f"layers.{i}.mlp.norm.weight": (d,),
            f"layers.{i}.mlp.gate.weight": (f, d),
            f"layers.{i}.mlp.up.weight": (f, d),
            f"layers.{i}.mlp.down.weight": (d, f),
        }
    shapes |= {"final_norm.weight": (d,), "head.weight": (vocabulary, d)}
    if settings.routed:
        shapes["routing.query"] = (routers, d)
        if settings.options.key_gain:
            shapes["routing.key_gain"] = (routers, d)
    if settings.has_details:
        shapes["routing.detail_bias"] = (routers, 2)
        if settings.options.detail == "random_sign":
            shapes["routing.detail_sign"] = (2, settings.sublayers)
    if settings.method == "rezero":
        shapes["rezero.alpha"] = (settings.sublayers,)
    if settings.method == "layerscale":
        shapes["layerscale.lambda"] = (settings.sublayers, d)
    if settings.method == "block_layerscale":
        shapes["layerscale.lambda"] = (len(settings.block_ranges), d)
    return shapes


def is_trained(settings: ModelSettings, name: str) -> bool:
    """False for what is stored but never updated."""
    if name == "routing.detail_sign":
        return False
    return not (name == "routing.detail_bias" and settings.options.detail_bias == "fixed")


def initial_tensors(settings: ModelSettings, seed: int, dtype=torch.float32) -> dict[str, Tensor]:
    """Fresh parameters by the contract's rules (the random values are this implementation's own)."""
    generator = torch.Generator().manual_seed(seed)
    depth_scale = 1 / math.sqrt(2 * settings.layers)
    tensors = {}
    for name, shape in parameter_shapes(settings).items():
        if name == "routing.detail_sign":
            value = random_signs(settings, generator)
        elif name in ("routing.query", "rezero.alpha"):
            value = torch.zeros(shape)
        elif name == "routing.detail_bias":
            value = torch.full(shape, float(settings.options.detail_bias_init))
        elif name == "layerscale.lambda":
            init = settings.options.init
            value = torch.full(shape, cait_init(settings.layers) if init < 0 else init)
        elif name == "routing.key_gain" or name.endswith("norm.weight"):
            value = torch.ones(shape)
        else:
            value = torch.randn(shape, generator=generator, dtype=torch.float64) * 0.02
            if name.endswith(("attn.out.weight", "mlp.down.weight")):
                value = value * depth_scale
        tensors[name] = value.to(dtype)
    return tensors


def random_signs(settings: ModelSettings, generator: torch.Generator) -> Tensor:
    """Balanced random signs of every block [2, 2L]; with an odd length the extra one is positive."""
    signs = torch.zeros(2, settings.sublayers)
    for row in range(2):
        for block in settings.block_ranges:
            order = torch.randperm(len(block), generator=generator)
            chosen = torch.where(order < -(-len(block) // 2), 1.0, -1.0)
            signs[row, block.start - 1 : block.stop - 1] = chosen
    return signs


class Decoder:
    """A decoder-only Transformer whose residual connections are one of the eight methods.

    `tensors` holds the parameters by checkpoint name; `epsilon` is that of every RMSNorm (keys included).
    """

    def __init__(self, settings: ModelSettings, tensors: dict[str, Tensor], epsilon: float = 1e-6):
        self.settings = settings
        self.epsilon = epsilon
        expected = parameter_shapes(settings)
        if set(tensors) != set(expected):
            raise ValueError(f"tensors differ from the model's: {sorted(set(tensors) ^ set(expected))}")
        self.tensors = {}
        for name, shape in expected.items():
            if tuple(tensors[name].shape) != shape:
                raise ValueError(f"{name} has shape {tuple(tensors[name].shape)}, expected {shape}")
            value = tensors[name].detach().clone()
            self.tensors[name] = value.requires_grad_(is_trained(settings, name))

    def trained(self) -> dict[str, Tensor]:
        """The parameters that training updates."""
        return {name: value for name, value in self.tensors.items() if value.requires_grad}

    def clear_gradients(self) -> None:
        for value in self.tensors.values():
            value.grad = None

    # ---- the sublayers -------------------------------------------------------------------------------

    def attention(self, layer: int, value: Tensor) -> Tensor:
        """Causal self-attention of the normalised input [B, T, d]."""
        batch, length, width = value.shape
        heads = self.settings.heads
        qkv = value @ self.tensors[f"layers.{layer}.attn.qkv.weight"].T
        query, key, content = (
            part.reshape(batch, length, heads, width // heads).transpose(1, 2)
            for part in qkv.split(width, dim=-1)
        )  # each [B, heads, T, d_head]
        scores = rotate(query) @ rotate(key).transpose(-1, -2) / math.sqrt(width // heads)
        future = torch.ones(length, length, dtype=torch.bool).triu(1)
        mixed = torch.softmax(scores.masked_fill(future, -math.inf), dim=-1) @ content
        return (
            mixed.transpose(1, 2).reshape(batch, length, width)
            @ self.tensors[f"layers.{layer}.attn.out.weight"].T
        )

    def mlp(self, layer: int, value: Tensor) -> Tensor:
        """SwiGLU of the normalised input [B, T, d]."""
        gate = value @ self.tensors[f"layers.{layer}.mlp.gate.weight"].T
        up = value @ self.tensors[f"layers.{layer}.mlp.up.weight"].T
        return (functional.silu(gate) * up) @ self.tensors[f"layers.{layer}.mlp.down.weight"].T

    def sublayer(self, number: int, value: Tensor) -> Tensor:
        """u_l = f_l(RMSNorm(h_l)) for l = `number` from 1."""
        layer, is_mlp = divmod(number - 1, 2)
        part = "mlp" if is_mlp else "attn"
        normalised = rms_norm(value, self.tensors[f"layers.{layer}.{part}.norm.weight"], self.epsilon)
        return self.mlp(layer, normalised) if is_mlp else self.attention(layer, normalised)

    # ---- methods that add to one stream --------------------------------------------------------------

    def residual_scale(self, number: int) -> Tensor | float:
        """What u_l is multiplied with before it is added to the stream."""
        method = self.settings.method
        if method == "rezero":
            return self.tensors["rezero.alpha"][number - 1]
        if method == "layerscale":
            return self.tensors["layerscale.lambda"][number - 1]
        if method == "block_layerscale":
            return self.tensors["layerscale.lambda"][(number - 1) // self.settings.block_size]
        return 1.0

    # ---- methods that route --------------------------------------------------------------------------

    def detail_signs(self, kind: str, block: range, done: int) -> list[int]:
        """The sign of each of the first `done` sublayers of a block in the detail of that kind."""
        if self.settings.options.detail == "random_sign":
            row = self.tensors["routing.detail_sign"][KIND_COLUMN[kind]]
            return [1 if row[number - 1] > 0 else -1 for number in block[:done]]
        return phase_signs(list(block[:done])) if kind == "phase" else split_signs(block, done)

    def make_detail(
        self,
        label: str,
        kind: str,
        block: range,
        updates: list[Tensor],
        done: int,
        summary: Tensor,
        held_scale: Tensor | None,
    ) -> Detail | None:
        """The detail over the first `done` sublayers of a block, or None where it does not exist."""
        options = self.settings.options
        coefficients = balanced_coefficients(self.detail_signs(kind, block, done))
        if coefficients is None:
            return None
        if options.detail == "duplicate":
            return Detail(label, kind, summary, summary, summary.new_ones(()), summary)
        raw = sum(c * updates[number - 1] for c, number in zip(coefficients, block))
        if held_scale is not None:
            scale = held_scale
        elif options.rms_match == "off":
            scale = summary.new_ones(())
        else:
            whole = options.rms_match == "tensor"
            scale = root_mean_square(summary, whole) / (root_mean_square(raw, whole) + MATCH_EPSILON)
            scale = scale.detach() if options.detach else scale
        return Detail(label, kind, summary, raw, scale, raw * scale)

    def sources(
        self, router: int, embedding: Tensor, updates: list[Tensor], output: Output, held_scales: dict | None
    ) -> list[Source]:
        """All sources of a router, in the contract's order, given u_1 .. u_{router-1}."""
        options = self.settings.options
        kinds = [kind for kind in ("phase", "split") if self.settings.has_details and getattr(options, kind)]
        found = [Source("embedding", "content", embedding)]
        for index, block in enumerate(self.settings.block_ranges, start=1):
            done = min(len(block), router - block.start)  # its sublayers that have already run
            if done <= 0:
                break
            complete = done == len(block)
            summary = sum(updates[number - 1] for number in block[:done])
            found.append(Source(f"block{index}" if complete else "partial", "content", summary))
            for kind in kinds if complete or options.detail_scope == "online" else []:
                label = f"{kind}{index}" if complete else f"{kind}-partial"
                held = None if held_scales is None else held_scales.get((router, label))
                detail = self.make_detail(label, kind, block, updates, done, summary, held)
                if detail is not None:
                    output.details[router, label] = detail
                    found.append(Source(label, kind, detail.matched))
        return found

    def route(self, router: int, sources: list[Source]) -> tuple[Tensor, Router]:
        """h_l and the weights over the sources, for l = `router`."""
        query = self.tensors["routing.query"][router - 1]
        gain = self.tensors["routing.key_gain"][router - 1] if self.settings.options.key_gain else None
        logits = []
        for source in sources:
            logit = rms_norm(source.value, gain, self.epsilon) @ query  # [B, T]
            if source.kind in KIND_COLUMN:
                logit = logit + self.tensors["routing.detail_bias"][router - 1, KIND_COLUMN[source.kind]]
            logits.append(logit)
        stacked = torch.stack(logits, dim=-1)  # [B, T, S]
        weights = torch.softmax(stacked, dim=-1)
        mixed = sum(weights[..., i, None] * source.value for i, source in enumerate(sources))
        return mixed, Router(
            [source.label for source in sources], stacked, weights, [source.value for source in sources]
        )

    # ---- the whole -----------------------------------------------------------------------------------

    def forward(
        self,
        tokens: Tensor,
        targets: Tensor | None = None,
        held_scales: dict[tuple[int, str], Tensor] | None = None,
        removal: Removal | None = None,
    ) -> Output:
        """Logits [B, T, V] for tokens [B, T] and, with targets [B, T], the mean loss in nats.

        `held_scales` (by router and label, as in Output.details) replaces the scales of the RMS matching:
        finite differences of a detached gradient need them at their unperturbed values. `removal` takes
        sources away from routers.
        """
        output = Output(embedding=self.tensors["embed.weight"][tokens])
        stream = output.embedding
        for number in range(1, self.settings.sublayers + 2):
            if self.settings.routed:
                sources = self.sources(number, output.embedding, output.updates, output, held_scales)
                stream, router = self.route(number, sources)
                if removal is not None:
                    stream = removal.apply(number, stream, router)
                output.routers.append(router)
            elif number > 1:
                stream = stream + self.residual_scale(number - 1) * output.updates[-1]
            output.inputs.append(stream)
            if number <= self.settings.sublayers:
                output.updates.append(self.sublayer(number, stream))
        output.normalised = rms_norm(stream, self.tensors["final_norm.weight"], self.epsilon)
        output.logits = output.normalised @ self.tensors["head.weight"].T
        if targets is not None:
            output.loss = functional.cross_entropy(output.logits.flatten(0, 1), targets.flatten())
        return output


def scrambled_tensors(
    settings: ModelSettings, seed: int, dtype=torch.float32, signs: Tensor | None = None
) -> dict[str, Tensor]:
    """Parameters at which nothing is degenerate: every path carries signal and every weight differs.

    `signs` keeps given random signs, which are no parameters.
    """
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in parameter_shapes(settings).items():
        noise = torch.randn(shape, generator=generator, dtype=torch.float64)
        if name == "routing.detail_sign":
            value = random_signs(settings, generator) if signs is None else signs
        elif name == "embed.weight":
            value = noise
        elif name == "routing.query":
            value = 0.4 * noise
        elif name == "routing.detail_bias":
            value = 0.7 * noise - 0.5
        elif name in ("rezero.alpha", "layerscale.lambda"):
            value = 0.5 * noise
        elif len(shape) == 1 or name == "routing.key_gain":
            value = 1 + 0.3 * noise
        else:
            value = noise / math.sqrt(shape[1])
        tensors[name] = value.to(dtype)
    return tensors
