#!/usr/bin/env python3
"""An optimisation step of the denoiser and its text encoder: Tessera against the same model in plain PyTorch, in turn.

training_step_bench writes the model that it begins with; the peer below loads those weights by name, all of them, so
that sizes and parameters are the same, and must find the same loss. Then rounds of both alternate: each begins anew on
Tessera's side and goes on on the peer's. The step is the whole one: batch from codes in the device's memory, noise,
text encoder, denoiser (embeddings, AdaLN, scaled_dot_product_attention), masked cross-entropy and the auxiliary term,
gradients clipped, AdamW, moving average of the weights. Tessera's also computes the variational bound, for its log.

  python3 -m venv peer && peer/bin/pip install torch==2.11.0 numpy
  peer/bin/python bench/peers/training_step.py --bin build/dev/bin --work /tmp/peer --batch 16 \\
      --set model.vqvae=models/default --set model.tokenizer=models/default/tokenizer
"""

import argparse
import contextlib
import json
import math
import os
import statistics
import struct
import subprocess
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

PAD = 0
TIME_RANGE = 4000.0  # of the sinusoids' positions
AUXILIARY = 5e-4


def split_heads(x, heads):
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def attend(q, k, v, mask=None):
    return F.scaled_dot_product_attention(q, k, v, mask).transpose(1, 2).flatten(2)


class SelfAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x, mask=None):
        return self.out(attend(*(split_heads(part, self.heads) for part in self.qkv(x).chunk(3, -1)), mask))


class CrossAttention(nn.Module):
    def __init__(self, width, condition_width, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key_value = nn.Linear(width, width), nn.Linear(condition_width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x, text, mask):
        k, v = (split_heads(part, self.heads) for part in self.key_value(text).chunk(2, -1))
        return self.out(attend(split_heads(self.query(x), self.heads), k, v, mask))


class FeedForward(nn.Module):
    def __init__(self, width, ratio):
        super().__init__()
        self.up, self.out = nn.Linear(width, ratio * width), nn.Linear(ratio * width, width)

    def forward(self, x):
        x = self.up(x)
        return self.out(x * torch.sigmoid(1.702 * x))


class AdaLayerNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.modulation = nn.Linear(width, 2 * width)

    def forward(self, x, time):
        gain, shift = self.modulation(F.silu(time)).unsqueeze(1).chunk(2, -1)
        return F.layer_norm(x, x.shape[-1:]) * (1 + gain) + shift


class Block(nn.Module):
    def __init__(self, o):
        super().__init__()
        width = o["width"]
        self.self_time, self.self_attention = AdaLayerNorm(width), SelfAttention(width, o["heads"])
        self.cross_time = AdaLayerNorm(width)
        self.cross_attention = CrossAttention(width, o["condition_width"], o["heads"])
        if o["mlp_adaln"]:
            self.mlp_time = AdaLayerNorm(width)
        else:
            self.mlp_norm = nn.LayerNorm(width)
        self.mlp = FeedForward(width, o["mlp_ratio"])

    def forward(self, x, time, text, mask):
        x = x + self.self_attention(self.self_time(x, time))
        x = x + self.cross_attention(self.cross_time(x, time), text, mask)
        return x + self.mlp(self.mlp_time(x, time) if hasattr(self, "mlp_time") else self.mlp_norm(x))


class Transformer(nn.Module):
    def __init__(self, o):
        super().__init__()
        if o["time_embedding"] != "sinusoidal" or not o["pooled_text"] or not o["learned_null"] or o["mlp"] != "linear":
            sys.exit("the peer knows sinusoidal times, pooled text, a learned null condition and a linear MLP")
        width = o["width"]
        self.steps, self.width = o["steps"], width
        self.code = nn.Embedding(o["codes"] + 1, width)
        self.row, self.column = nn.Embedding(o["grid_height"], width), nn.Embedding(o["grid_width"], width)
        self.pooled = nn.Linear(o["condition_width"], width)
        self.time = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList(Block(o) for _ in range(o["layers"]))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, o["codes"])
        self.null = nn.Parameter(torch.zeros(o["condition_length"], o["condition_width"]))

    def time_vector(self, t):
        half = self.width // 2
        frequency = torch.exp(torch.arange(half, device=t.device) * (-math.log(1e4) / (half - 1)))
        angle = ((t - 1) * (TIME_RANGE / self.steps)).unsqueeze(1) * frequency
        return self.time(torch.cat([angle.sin(), angle.cos()], 1))

    def forward(self, x_t, t, text, mask):
        weight = mask.to(text.dtype).unsqueeze(-1)
        time = self.time_vector(t) + self.pooled((text * weight).sum(1) / weight.sum(1))
        x = self.code(x_t) + (self.row.weight.unsqueeze(1) + self.column.weight).flatten(0, 1)
        for block in self.blocks:
            x = block(x, time, text, mask[:, None, None])
        return self.head(self.norm(x))


class TextLayer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.attention_norm, self.attention = nn.LayerNorm(width), SelfAttention(width, heads)
        self.mlp_norm, self.mlp = nn.LayerNorm(width), FeedForward(width, 4)

    def forward(self, x, mask):
        x = x + self.attention(self.attention_norm(x), mask)
        return x + self.mlp(self.mlp_norm(x))


class TextEncoder(nn.Module):
    def __init__(self, o):
        super().__init__()
        self.pieces, self.positions = nn.Embedding(o["vocabulary"], o["width"]), nn.Embedding(o["length"], o["width"])
        self.layers = nn.ModuleList(TextLayer(o["width"], o["heads"]) for _ in range(o["layers"]))
        self.norm = nn.LayerNorm(o["width"])

    def forward(self, ids):
        mask = ids != PAD
        x = self.pieces(ids) + self.positions.weight[:ids.shape[1]]
        for layer in self.layers:
            x = layer(x, mask[:, None, None])
        return self.norm(x), mask


def load_file(path):
    """A safetensors file of float32, read without the package: a node has torch alone."""
    with open(path, "rb") as file:
        entries = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    entries.pop("__metadata__", None)
    assert all(entry["dtype"] == "F32" for entry in entries.values())
    return {name: torch.frombuffer(data, dtype=torch.float32, count=math.prod(entry["shape"]),
                                   offset=entry["data_offsets"][0]).view(entry["shape"])
            for name, entry in entries.items()}


def read(folder, part):
    with open(os.path.join(folder, part, "config.json")) as config:
        return json.load(config), load_file(os.path.join(folder, part, "model.safetensors"))


class Peer(nn.Module):
    """The model with its optimiser and its data, which is random: as large as the pool, as wide as the batch needs."""

    def __init__(self, folder, args, train):
        super().__init__()
        (o, weights), (text, text_weights) = read(folder, "transformer"), read(folder, "text_encoder")
        self.denoiser, self.text_encoder = Transformer(o), TextEncoder(text)
        self.denoiser.load_state_dict(weights)  # strict: every name and every shape
        self.text_encoder.load_state_dict(text_weights)
        self.count = sum(p.numel() for p in self.parameters())
        assert self.count == sum(w.numel() for w in [*weights.values(), *text_weights.values()])
        self.to(args.device)
        self.device, self.batch, self.precision = torch.device(args.device), args.batch, args.precision
        self.codes, self.t_max, self.train_options = o["codes"], o["steps"], train
        tokens = o["grid_height"] * o["grid_width"]
        self.pool_codes = torch.randint(0, self.codes, (args.pool, tokens), dtype=torch.int16, device=self.device)
        # As in the world's captions, about half of the places are padding.
        length = torch.randint(6, text["length"] - 3, (args.pool, 1))
        ids = torch.randint(4, text["vocabulary"], (args.pool, text["length"]))
        self.pool_ids = ids.where(torch.arange(text["length"]) < length, PAD).to(self.device, torch.int16)
        live = list(self.parameters())
        groups = [{"params": [p for p in live if p.dim() >= 2], "weight_decay": train["weight_decay"]},
                  {"params": [p for p in live if p.dim() < 2], "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=1e-4, betas=(train["beta1"], train["beta2"]),
                                           fused=args.fused or None)
        self.live, self.mean = live, [p.detach().clone() for p in live]
        self.network = torch.compile(self.logits) if args.compile else self.logits

    def draw(self):
        """Codes, noised codes, times and ids of one batch; alpha1 from 0 to 0.99999 masked, 0.00001 replaced."""
        rows = torch.randint(0, len(self.pool_codes), (self.batch,), device=self.device)
        x_0, ids = self.pool_codes[rows].long(), self.pool_ids[rows].long()
        t = torch.randint(1, self.t_max + 1, (self.batch,), device=self.device)
        u = torch.rand(x_0.shape, device=self.device)
        masked = (t / self.t_max).unsqueeze(1)
        noise = torch.randint(0, self.codes, x_0.shape, device=self.device)
        x_t = torch.where(u < masked, self.codes, torch.where(u > 1 - 1e-5, noise, x_0))
        return x_0, x_t, t, ids

    def logits(self, x_t, t, ids, dropped):
        text, mask = self.text_encoder(ids)
        text = torch.where(dropped[:, :, None], self.denoiser.null.to(text.dtype), text)
        return self.denoiser(x_t, t, text, mask | dropped)

    def step(self):
        x_0, x_t, t, ids = self.draw()
        dropped = torch.rand((self.batch, 1), device=self.device) < 0.1
        half = torch.autocast(self.device.type, torch.bfloat16) if self.precision == "bf16" else contextlib.nullcontext()
        with half:
            logits = self.network(x_t, t, ids, dropped)
        entropy = F.cross_entropy(logits.float().flatten(0, 1), x_0.flatten(), reduction="none").view(x_0.shape)
        masked = (x_t == self.codes).float()
        loss = (entropy * masked).sum() / masked.sum().clamp_min(1) + self.t_max * AUXILIARY * entropy.mean()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.live, self.train_options["clip"])
        self.optimiser.step()
        with torch.no_grad():
            torch._foreach_lerp_(self.mean, self.live, 1 - self.train_options["ema"])
        return loss.detach()

    def time(self, steps):
        """Wall and processor time of a step, in ms."""
        begun = time.perf_counter(), time.process_time()
        for _ in range(steps):
            loss = self.step()
        loss.item()  # waits for the device
        return [1e3 * (now - then) / steps for now, then in zip((time.perf_counter(), time.process_time()), begun)]


def ours(args, optimizer, more=()):
    """A run of training_step_bench: what it found."""
    command = [os.path.join(args.bin, "training_step_bench"), "--config", args.config, "--device", args.device,
               "--threads", str(args.threads), "--pool", str(args.pool), "--warmup", str(args.warmup), "--steps",
               str(args.steps), "--repeats", "1", "--json", *more]
    sets = [*args.set, f"train.batch={args.batch}", f"train.precision={args.precision}", f"train.optimizer={optimizer}",
            f"train.learning_rate={args.learning_rate}"]
    for value in sets:
        command += ["--set", value]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode != 0:
        sys.exit(f"{' '.join(command)} failed: {ran.stderr}{ran.stdout}")
    return json.loads(ran.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, help="folder of training_step_bench")
    parser.add_argument("--work", required=True, help="where the model is written that both begin with")
    parser.add_argument("--config", default="configs/scenes128-diffusion.json")
    parser.add_argument("--set", action="append", default=[], help="section.key=value, as training_step_bench takes it")
    parser.add_argument("--optimizer", default="adamw,muon", help="of Tessera's side; the peer's is AdamW")
    parser.add_argument("--fused", action="store_true", help="the peer's AdamW is Torch's fused one")
    parser.add_argument("--compile", action="store_true", help="the peer's network goes through torch.compile")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--pool", type=int, default=64, help="samples in the device's memory")
    parser.add_argument("--learning-rate", type=float, default=1e-3, help="of Tessera's warm-up, whose loss must fall")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--warmup", type=int, default=8)
    parser.add_argument("--steps", type=int, default=8, help="of each side, a round")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)

    with open(args.config) as config:
        train = {"beta1": 0.9, "beta2": 0.99, "weight_decay": 0.01, "clip": 1.0, "ema": 0.999,
                 **json.load(config)["train"]}
    folder = os.path.join(args.work, "begun")
    first = ours(args, "adamw", ("--export", folder))
    peer = Peer(folder, args, train)
    begun = peer.step().item()
    print(f"{first['processor']}, {args.threads} threads; {first['device']}, torch {torch.__version__}, {peer.count} "
          f"parameters, batch {args.batch}, {args.precision}, AdamW {'fused' if args.fused else 'plain'}"
          f"{', compiled' if args.compile else ''}")
    print(f"loss of the first step: peer {begun:.3f}, ours, over the first quarter of the warm-up, "
          f"{first['loss of the first steps']:.3f}")
    if not abs(begun / first["loss of the first steps"] - 1) < 0.05:  # other codes, and a step or two of learning
        sys.exit("the same weights do not have the same loss")
    peer.time(args.warmup)

    times = {"peer": []}
    ratios = {}
    for _ in range(args.rounds):
        times["peer"].append(peer.time(args.steps))
        for optimizer in args.optimizer.split(","):
            found = ours(args, optimizer)
            row = found["results"][0]
            times.setdefault(f"ours, {optimizer}", []).append([row["min_ms"], row["min_cpu_ms"]])
            # Of two runs side by side in time: what else the machine does spoils both alike.
            ratios.setdefault(f"ours, {optimizer}", []).append(times["peer"][-1][0] / row["min_ms"])
    print(f"{'what':<20}{'min ms':>10}{'median ms':>12}{'min cpu ms':>12}{'samples/s':>12}{'peer / ours':>14}"
          f"{'by cpu':>10}{'of pairs':>10}")
    for name, values in times.items():
        wall, cpu = (sorted(value[i] for value in values) for i in (0, 1))
        print(f"{name:<20}{wall[0]:>10.2f}{statistics.median(wall):>12.2f}{cpu[0]:>12.2f}"
              f"{1e3 * args.batch / wall[0]:>12.1f}", end="")
        if name != "peer":
            peer_wall, peer_cpu = (min(value[i] for value in times["peer"]) for i in (0, 1))
            print(f"{peer_wall / wall[0]:>14.2f}{peer_cpu / cpu[0]:>10.2f}{statistics.median(ratios[name]):>10.2f}",
                  end="")
        print()


if __name__ == "__main__":
    main()
