# SPDX-License-Identifier: GPL-3.0-or-later
"""WAV Lab's decoder-only Transformer with all its residual methods, in plain PyTorch.

Notation, as in the lab: B sequences of T tokens, width d, vocabulary V. L layers are 2L *sublayers* l = 1..2L; odd l
is causal self-attention, even l the MLP.

    x_0                        token embedding                       [B, T, d]
    h_l                        what enters sublayer l                [B, T, d]   (h_{2L+1} enters the final norm)
    u_l = f_l(RMSNorm(h_l))    what sublayer l computes              [B, T, d]
    logits = head(RMSNorm(h_{2L+1}))                                 [B, T, V]

A residual method says what h_l is made of, and nothing else:

    standard, rezero, layerscale, block_layerscale   h_1 = x_0, h_{l+1} = h_l + s_l ⊙ u_l      (AdditiveStream)
    attnres_full, attnres_block, wav, haares         h_l = Σ_i α_{l,i} v_i, a softmax over sources v_i made of x_0
                                                     and u_1 .. u_{l-1}                        (Routing, RoutedStream)

The names in `state_dict()` are those in the file. Everything is computed in the type of the parameters; norms, routing
logits and softmax in float32 where that is a half type (also under `torch.autocast`). Gradients flow everywhere.
"""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .settings import ModelSettings

MATCH_EPSILON = 1e-6  # keeps the ratio of RMS matching finite where a detail is zero
ROPE_BASE = 10000.0
DETAILS = ("phase", "split")  # columns of routing.detail_bias, rows of routing.detail_sign

# Called with a router's number l, the names of its sources and its weights [B, T, S]; what it returns, if not None,
# takes the place of the weights: to look (return None), or to intervene (ablate a source, force uniform routing, ...).
RoutingHook = Callable[[int, List[str], Tensor], Optional[Tensor]]


class RouterWeights(NamedTuple):
    """The weights α_l of one router."""

    router: int  # l from 1; 2L+1 stands before the final norm
    sources: List[str]  # S names: "embedding", "block1", "phase1", "split1", ..., "partial"
    weights: Tensor  # [B, T, S], not negative, sum 1


# ---- the sublayers -----------------------------------------------------------------------------------------------


def wide(value: Tensor) -> Tensor:
    """float32 instead of a half type; anything else as it is."""
    return value.float() if value.dtype in (torch.float16, torch.bfloat16) else value


def inverse_rms(value: Tensor, eps: float) -> Tensor:
    """1 / sqrt(mean(v²) + eps) over the channels: [B, T, d] → [B, T, 1]."""
    return torch.rsqrt(wide(value).square().mean(-1, keepdim=True) + eps)


class RMSNorm(nn.Module):
    """v / sqrt(mean(v²) + eps) ⊙ weight: [B, T, d] → [B, T, d]."""

    def __init__(self, width: int, eps: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, value: Tensor) -> Tensor:
        return (wide(value) * inverse_rms(value, self.eps) * self.weight).to(value.dtype)


def rotation(length: int, channels: int, like: Tensor) -> Tuple[Tensor, Tensor]:
    """RoPE's cosines and sines of the angles t · 10000^(-2j/d_head), both [T, d_head/2]."""
    frequency = ROPE_BASE ** (-torch.arange(0, channels, 2, dtype=torch.float64) / channels)
    angle = torch.arange(length, dtype=torch.float64)[:, None] * frequency
    table = wide(like).dtype
    return angle.cos().to(like.device, table), angle.sin().to(like.device, table)


def rotate(value: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """RoPE on [B, heads, T, d_head]: channel j turns with channel j + d_head/2."""
    first, second = wide(value).chunk(2, dim=-1)
    turned = torch.cat([first * cosine - second * sine, second * cosine + first * sine], dim=-1)
    return turned.to(value.dtype)


class Attention(nn.Module):
    """A sublayer with odd l: u_l = out(causal attention(qkv(RMSNorm(h_l)))), scale 1/sqrt(d_head), no biases."""

    def __init__(self, settings: ModelSettings, eps: float):
        super().__init__()
        d = settings.width
        self.heads = settings.heads
        self.norm = RMSNorm(d, eps)
        self.qkv = nn.Linear(d, 3 * d, bias=False)  # rows: queries, keys, values
        self.out = nn.Linear(d, d, bias=False)

    def forward(self, state: Tensor) -> Tensor:
        batch, length, width = state.shape
        query, key, value = (
            part.view(batch, length, self.heads, width // self.heads).transpose(1, 2)  # [B, heads, T, d_head]
            for part in self.qkv(self.norm(state)).chunk(3, dim=-1)
        )
        cosine, sine = rotation(length, width // self.heads, query)
        mixed = functional.scaled_dot_product_attention(
            rotate(query, cosine, sine), rotate(key, cosine, sine), value, is_causal=True
        )
        return self.out(mixed.transpose(1, 2).reshape(batch, length, width))


class MLP(nn.Module):
    """A sublayer with even l: u_l = down(silu(gate(n)) ⊙ up(n)) with n = RMSNorm(h_l), no biases."""

    def __init__(self, settings: ModelSettings, eps: float):
        super().__init__()
        d, f = settings.width, settings.mlp_hidden
        self.norm = RMSNorm(d, eps)
        self.gate = nn.Linear(d, f, bias=False)
        self.up = nn.Linear(d, f, bias=False)
        self.down = nn.Linear(f, d, bias=False)

    def forward(self, state: Tensor) -> Tensor:
        normed = self.norm(state)
        return self.down(functional.silu(self.gate(normed)) * self.up(normed))


class Layer(nn.Module):
    """Two sublayers; what stands between them is the method's business, so there is no forward here."""

    def __init__(self, settings: ModelSettings, eps: float):
        super().__init__()
        self.attn = Attention(settings, eps)
        self.mlp = MLP(settings, eps)


# ---- methods that add to one stream ------------------------------------------------------------------------------


class AdditiveStream:
    """h_1 = x_0, h_{l+1} = h_l + s_l ⊙ u_l; `scale(l)` gives s_l: 1, a scalar, or a vector [d]."""

    def __init__(self, embedding: Tensor, scale: Callable[[int], object]):
        self.state, self.scale = embedding, scale

    def read(self, number: int) -> Tensor:
        return self.state

    def write(self, number: int, update: Tensor) -> None:
        self.state = self.state + self.scale(number) * update


class ReZero(nn.Module):
    """s_l = a_l, a learned scalar that begins at 0: `rezero.alpha` [2L]."""

    def __init__(self, settings: ModelSettings):
        super().__init__()
        self.alpha = nn.Parameter(torch.zeros(settings.sublayers))

    def scale(self, number: int) -> Tensor:
        return self.alpha[number - 1]


class LayerScale(nn.Module):
    """s_l = λ_l: `layerscale.lambda` [2L, d]; in block_layerscale s_l = λ of l's block, [blocks, d]."""

    def __init__(self, settings: ModelSettings):
        super().__init__()
        self.group = settings.block_length if settings.method == "block_layerscale" else 1
        rows = -(-settings.sublayers // self.group)
        # "lambda" is a word of Python's own, so the attribute needs getattr.
        self.register_parameter("lambda", nn.Parameter(torch.full((rows, settings.width), settings.initial_scale)))

    def scale(self, number: int) -> Tensor:
        return getattr(self, "lambda")[(number - 1) // self.group]


# ---- methods that route ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """Something that routers read. What it is made of is known before any forward pass.

    kind "embedding": x_0;  "summary": Σ u_l over `sublayers`;  "phase", "split": the zero-sum contrast Σ c_l u_l with
    these `coefficients`, matched to the RMS of the summary of the same sublayers.
    """

    name: str
    kind: str
    sublayers: range
    coefficients: Tuple[float, ...] = ()


def contrast(signs: List[bool]) -> Optional[Tuple[float, ...]]:
    """+n/(2 n_plus) and −n/(2 n_minus), n coefficients that sum to zero; None where one side is empty."""
    n, plus = len(signs), sum(signs)
    if plus in (0, n):
        return None
    return tuple(n / (2 * plus) if sign else -n / (2 * (n - plus)) for sign in signs)


def root_mean_square(value: Tensor, whole_tensor: bool) -> Tensor:
    """sqrt(mean(v²)) of every token, [B, T, 1], or of the whole tensor, []; its gradient at 0 is 0."""
    mean = wide(value).square().mean() if whole_tensor else wide(value).square().mean(-1, keepdim=True)
    # The inner `where` keeps the infinite slope of sqrt at 0 out of the backward pass.
    return torch.where(mean > 0, torch.where(mean > 0, mean, torch.ones_like(mean)).sqrt(), torch.zeros_like(mean))


class Routing(nn.Module):
    """2L+1 routers; router l gives h_l (the last one what enters the final norm) from its sources v_1 .. v_S:

        k_i = RMSNorm(v_i) ⊙ γ_l,   z_i = w_l · k_i + β_{l,kind(i)},   α = softmax(z),   h_l = Σ_i α_i v_i

    The values are the raw sources, not the normalised keys. The four routed methods differ in their sources only:
    attnres_full has blocks of one sublayer; attnres_block the embedding, the summary of every completed block and the
    partial sum of the running one; wav the details phase and split of every completed block too; haares split alone,
    also of the running block.

        routing.query        w      [2L+1, d]
        routing.key_gain     γ      [2L+1, d]   unless key_gain = false
        routing.detail_bias  β      [2L+1, 2]   columns phase, split; wav and haares only; 0 for all other sources
        routing.detail_sign  ±1     [2, 2L]     detail = "random_sign" only; no parameter
    """

    detail_sign: Optional[Tensor]

    def __init__(self, settings: ModelSettings, eps: float):
        super().__init__()
        self.settings, self.eps = settings, eps
        shape = (settings.sublayers + 1, settings.width)
        self.query = nn.Parameter(torch.zeros(shape))
        self.key_gain = nn.Parameter(torch.ones(shape)) if settings.key_gain else None
        self.detail_bias = None
        if settings.has_details:
            bias = torch.full((shape[0], 2), settings.detail_bias_init)
            self.detail_bias = nn.Parameter(bias, requires_grad=settings.detail_bias == "learned")
        signs = settings.has_details and settings.detail == "random_sign"
        self.register_buffer("detail_sign", torch.zeros(2, settings.sublayers) if signs else None)
        self._plan: Optional[List[List[Source]]] = None
        self.register_load_state_dict_post_hook(_forget_plan)

    @property
    def plan(self) -> List[List[Source]]:
        """The sources of routers 1 .. 2L+1, in order. They hang on the settings (and random signs), not on data."""
        if self._plan is None:
            signs = None if self.detail_sign is None else (self.detail_sign > 0).tolist()
            self._plan = [self.sources_of(number, signs) for number in range(1, self.settings.sublayers + 2)]
        return self._plan

    def sources_of(self, number: int, signs: Optional[List[List[bool]]]) -> List[Source]:
        """The sources of router `number`, before which sublayers 1 .. number-1 have run."""
        online = self.settings.detail_scope == "online"
        sources = [Source("embedding", "embedding", range(0))]
        for index, block in enumerate(self.settings.blocks_of_sublayers, start=1):
            done = range(block.start, min(block.stop, number))
            if not done:
                break
            complete = len(done) == len(block)
            sources.append(Source(f"block{index}" if complete else "partial", "summary", done))
            for kind in self.settings.details if complete or online else ():
                coefficients = contrast(self.signs_of(kind, block, done, signs))
                if coefficients is not None:
                    name = f"{kind}{index}" if complete else f"{kind}-partial"
                    sources.append(Source(name, kind, done, coefficients))
        return sources

    @staticmethod
    def signs_of(kind: str, block: range, done: range, signs: Optional[List[List[bool]]]) -> List[bool]:
        """For each sublayer done so far, whether it counts positive in a detail of its block."""
        if signs is not None:
            return [signs[DETAILS.index(kind)][number - 1] for number in done]
        if kind == "phase":
            return [number % 2 == 1 for number in done]  # attention against MLP
        half = -(-len(block) // 2)
        return [number - block.start < half for number in done]  # first half against second, as planned for the block

    def match(self, detail: Tensor, summary: Tensor) -> Tensor:
        """v = p · rms(b) / (rms(p) + 1e-6), per token or for the whole tensor; no gradient flows through the ratio
        unless detach = false."""
        if self.settings.rms_match == "off":
            return detail
        whole = self.settings.rms_match == "tensor"
        ratio = root_mean_square(summary, whole) / (root_mean_square(detail, whole) + MATCH_EPSILON)
        return detail * (ratio.detach() if self.settings.detach else ratio)

    def weights(self, number: int, sources: List[Source], keys: List[Tensor]) -> Tensor:
        """α of router `number`: [B, T, S], from the normalised sources RMSNorm(v_i), each [B, T, d]."""
        query = wide(self.query[number - 1])
        if self.key_gain is not None:
            query = query * self.key_gain[number - 1]  # w · (RMSNorm(v) ⊙ γ) = (w ⊙ γ) · RMSNorm(v)
        logits = []
        for source, key in zip(sources, keys):
            logit = (key * query).sum(-1)  # [B, T]; not a matrix product, so that autocast leaves it alone
            if source.kind in DETAILS:
                logit = logit + self.detail_bias[number - 1, DETAILS.index(source.kind)]
            logits.append(logit)
        return torch.softmax(torch.stack(logits, dim=-1), dim=-1)


def _forget_plan(routing: Routing, _incompatible_keys: object) -> None:
    """Other random signs make other sources."""
    routing._plan = None


class RoutedStream:
    """The sources of one forward pass: each is computed, and normalised as a key, when a router first reads it."""

    def __init__(self, routing: Routing, embedding: Tensor, hook: Optional[RoutingHook]):
        self.routing, self.embedding, self.hook = routing, embedding, hook
        self.starts = {block.start for block in routing.settings.blocks_of_sublayers}
        self.updates: List[Tensor] = []  # u_l
        self.sums: List[Tensor] = []  # Σ u over l's block, up to and with u_l
        self.known: Dict[Source, Tuple[Tensor, Tensor]] = {}  # value v and key RMSNorm(v)

    def value(self, source: Source) -> Tensor:
        """v of a source: [B, T, d]."""
        if source.kind == "embedding":
            return self.embedding
        value = summary = self.sums[source.sublayers[-1] - 1]
        if source.kind in DETAILS and self.routing.settings.detail != "duplicate":
            updates = (wide(self.updates[number - 1]) for number in source.sublayers)
            value = self.routing.match(sum(c * update for c, update in zip(source.coefficients, updates)), summary)
        return value.to(self.updates[0].dtype)

    def read(self, number: int) -> Tensor:
        sources = self.routing.plan[number - 1]
        for source in sources:
            if source not in self.known:
                value = self.value(source)
                self.known[source] = value, wide(value) * inverse_rms(value, self.routing.eps)
        values, keys = zip(*(self.known[source] for source in sources))
        weights = self.routing.weights(number, sources, keys)  # [B, T, S]
        if self.hook is not None:
            changed = self.hook(number, [source.name for source in sources], weights)
            weights = weights if changed is None else changed
        mixed = sum(weights[..., i, None] * value for i, value in enumerate(values))
        return mixed.to(self.embedding.dtype)

    def write(self, number: int, update: Tensor) -> None:
        self.updates.append(update)
        self.sums.append(wide(update) if number in self.starts else self.sums[-1] + wide(update))


# ---- the whole ---------------------------------------------------------------------------------------------------


class Decoder(nn.Module):
    """tokens [B, T] → logits [B, T, V].

    `layers[i].attn` and `layers[i].mlp` are sublayers 2i+1 and 2i+2: a forward hook of PyTorch's on them sees h_l as
    input and u_l as output. In train() mode the experiment's dropout acts on the embedding and on each u_l, as in the
    lab (with masks of PyTorch's own). `eps` is that of every RMSNorm, keys included.
    """

    def __init__(self, settings: ModelSettings, eps: float = 1e-6):
        super().__init__()
        self.settings = settings
        self.embed = nn.Embedding(settings.vocabulary, settings.width)
        self.layers = nn.ModuleList(Layer(settings, eps) for _ in range(settings.layers))
        self.final_norm = RMSNorm(settings.width, eps)
        self.head = nn.Linear(settings.width, settings.vocabulary, bias=False)
        self.dropout = nn.Dropout(settings.dropout)
        if settings.routed:
            self.routing = Routing(settings, eps)
        elif settings.method == "rezero":
            self.rezero = ReZero(settings)
        elif settings.method in ("layerscale", "block_layerscale"):
            self.layerscale = LayerScale(settings)
        self.reset_parameters()

    def forward(self, tokens: Tensor, hook: Optional[RoutingHook] = None) -> Tensor:
        embedding = self.dropout(self.embed(tokens))
        stream = self.begin(embedding, hook)
        sublayers = [part for layer in self.layers for part in (layer.attn, layer.mlp)]
        for number, sublayer in enumerate(sublayers, start=1):
            stream.write(number, self.dropout(sublayer(stream.read(number))))
        return self.head(self.final_norm(stream.read(len(sublayers) + 1)))

    def begin(self, embedding: Tensor, hook: Optional[RoutingHook]):
        """What carries one forward pass from sublayer to sublayer. A method of your own begins here."""
        if self.settings.routed:
            return RoutedStream(self.routing, embedding, hook)
        if self.settings.method == "rezero":
            return AdditiveStream(embedding, self.rezero.scale)
        if self.settings.method == "standard":
            return AdditiveStream(embedding, lambda number: 1.0)
        return AdditiveStream(embedding, self.layerscale.scale)

    def routing_weights(self, tokens: Tensor) -> List[RouterWeights]:
        """The weights of routers 1 .. 2L+1 for tokens [B, T]; an empty list where the method does not route."""
        found: List[RouterWeights] = []
        self(tokens, lambda number, sources, weights: found.append(RouterWeights(number, sources, weights)))
        return found

    @property
    def sources(self) -> List[List[str]]:
        """The names of the sources of routers 1 .. 2L+1, without computing anything; empty if nothing is routed."""
        return [[source.name for source in sources] for sources in self.routing.plan] if self.settings.routed else []

    def reset_parameters(self) -> None:
        """Initial values by the lab's rules, drawn by torch's generator: not those of a run with the same seed."""
        for name, value in self.named_parameters():
            if name.startswith(("embed.", "head.", "layers.")) and value.dim() == 2:
                shrink = math.sqrt(self.settings.sublayers) if name.endswith(("out.weight", "down.weight")) else 1.0
                nn.init.normal_(value, std=0.02 / shrink)
        signs = self.routing.detail_sign if self.settings.routed else None
        if signs is not None and not signs.is_meta:
            for block in self.settings.blocks_of_sublayers:
                for row in signs:  # balanced in every block
                    row[block.start - 1 : block.stop - 1] = 1 - 2.0 * (torch.randperm(len(block)) % 2)
            _forget_plan(self.routing, None)
