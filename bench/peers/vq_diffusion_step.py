#!/usr/bin/env python3
"""One guided step of VQ-Diffusion: Tessera against diffusers' VQDiffusionPipeline, in turn, on the same weights.

Makes a model folder of diffusers' layout with random weights (or takes one), then alternates: a step of the peer
(network on both halves of guidance, guidance, truncation, VQDiffusionScheduler.step: what its pipeline does between two
canvases) and a run of step_bench on the same folder. Prints the minimum and the median of both, and the ratios;
processor time too, with one thread the better measure on a machine that others use.

  python3 -m venv peer && peer/bin/pip install torch==2.11.0 diffusers==0.42.1 transformers
  peer/bin/python bench/peers/vq_diffusion_step.py --bin build/dev/bin --config small --work /tmp/peer
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

import torch
from diffusers import Transformer2DModel, VQDiffusionPipeline, VQDiffusionScheduler, VQModel
from diffusers.pipelines.deprecated.vq_diffusion.pipeline_vq_diffusion import (
    LearnedClassifierFreeSamplingEmbeddings)
from transformers import CLIPTextConfig, CLIPTextModel

SHAPES = {  # layers, width, grid side, codes
    "small": (8, 384, 16, 1024),
    "base": (19, 1024, 32, 2887),
}
TEXT_WIDTH = 512
HEAD_WIDTH = 64
STEPS = 100


def write_model(folder, shape):
    """Transformer and scheduler are what is measured; the other parts are there to be loaded, as small as they can be."""
    layers, width, side, codes = SHAPES[shape]
    torch.manual_seed(0)
    transformer = Transformer2DModel(
        num_attention_heads=width // HEAD_WIDTH, attention_head_dim=HEAD_WIDTH, num_layers=layers,
        cross_attention_dim=TEXT_WIDTH, attention_bias=True, sample_size=side, num_vector_embeds=codes + 1,
        activation_fn="geglu-approximate", norm_type="ada_norm", num_embeds_ada_norm=STEPS)
    vqvae = VQModel(
        block_out_channels=(32, 32, 32, 32), down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4, latent_channels=8, num_vq_embeddings=codes, sample_size=8 * side,
        norm_num_groups=4, layers_per_block=1)
    text = CLIPTextModel(CLIPTextConfig(
        hidden_size=TEXT_WIDTH, intermediate_size=64, num_hidden_layers=1, num_attention_heads=8, vocab_size=49408,
        max_position_embeddings=77, pad_token_id=1, bos_token_id=49406, eos_token_id=49407))
    null = LearnedClassifierFreeSamplingEmbeddings(learnable=True, hidden_size=TEXT_WIDTH, length=77)
    with torch.no_grad():
        null.embeddings.normal_()
    scheduler = VQDiffusionScheduler(num_vec_classes=codes + 1, num_train_timesteps=STEPS)
    for part, name in ((transformer, "transformer"), (vqvae, "vqvae"), (text, "text_encoder"),
                       (scheduler, "scheduler"), (null, "learned_classifier_free_sampling_embeddings")):
        part.save_pretrained(os.path.join(folder, name))
    index = {"_class_name": "VQDiffusionPipeline", "_diffusers_version": "0.42.1",
             "vqvae": ["diffusers", "VQModel"], "transformer": ["diffusers", "Transformer2DModel"],
             "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
             "scheduler": ["diffusers", "VQDiffusionScheduler"],
             "learned_classifier_free_sampling_embeddings": ["vq_diffusion", "LearnedClassifierFreeSamplingEmbeddings"]}
    with open(os.path.join(folder, "model_index.json"), "w") as out:
        json.dump(index, out, indent=2)


class Peer:
    """The inside of the loop of VQDiffusionPipeline.__call__."""

    def __init__(self, folder, guidance, truncation):
        self.transformer = Transformer2DModel.from_pretrained(os.path.join(folder, "transformer")).eval()
        self.scheduler = VQDiffusionScheduler.from_pretrained(os.path.join(folder, "scheduler"))
        self.scheduler.set_timesteps(STEPS)
        self.guidance, self.truncation = guidance, truncation
        generator = torch.Generator().manual_seed(1)
        self.text = torch.randn(2, 77, TEXT_WIDTH, generator=generator)
        mask = self.transformer.num_vector_embeds - 1
        codes = torch.randint(0, mask, (1, self.transformer.num_latent_pixels), generator=generator)
        self.sample = torch.where(torch.rand(codes.shape, generator=generator) < 0.5, mask, codes)

    def network(self):
        t = self.scheduler.timesteps[STEPS // 2]
        return self.transformer(torch.cat([self.sample] * 2), encoder_hidden_states=self.text, timestep=t).sample

    def rest(self, output):
        t = self.scheduler.timesteps[STEPS // 2]
        unwanted, wanted = output.chunk(2)
        output = unwanted + self.guidance * (wanted - unwanted)
        output -= torch.logsumexp(output, dim=1, keepdim=True)
        output = VQDiffusionPipeline.truncate(None, output, self.truncation).clamp(-70)
        return self.scheduler.step(output, timestep=t, sample=self.sample).prev_sample

    def time(self):
        """Wall and processor time of both halves of a step, in ms."""
        marks = [(time.perf_counter(), time.process_time())]
        output = self.network()
        marks.append((time.perf_counter(), time.process_time()))
        self.rest(output)
        marks.append((time.perf_counter(), time.process_time()))
        spent = [[1e3 * (after[i] - before[i]) for i in (0, 1)] for before, after in zip(marks, marks[1:])]
        return dict(zip(("network", "draw"), spent))


def own(args, folder):
    """A run of step_bench: what it found, and by row the shortest wall and processor time in ms."""
    command = [os.path.join(args.bin, "step_bench"), "--model", folder, "--precision", args.precision, "--guidance",
               str(args.guidance), "--truncation", str(args.truncation), "--steps", str(STEPS), "--repeats",
               str(args.repeats), "--threads", str(args.threads), "--json"]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode != 0:
        sys.exit(f"{command[0]} failed: {ran.stderr}{ran.stdout}")
    found = json.loads(ran.stdout)
    return found, {row["name"]: [row["min_ms"], row["min_cpu_ms"]] for row in found["results"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, help="folder of step_bench")
    parser.add_argument("--work", required=True, help="where the random model is written and kept")
    parser.add_argument("--config", choices=sorted(SHAPES), default="small")
    parser.add_argument("--precision", default="bf16,int8")
    parser.add_argument("--guidance", type=float, default=5.0)
    parser.add_argument("--truncation", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3, help="of each side, a round")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_grad_enabled(False)

    folder = os.path.join(args.work, args.config)
    if not os.path.exists(os.path.join(folder, "model_index.json")):
        write_model(folder, args.config)
    peer = Peer(folder, args.guidance, args.truncation)
    peer.time()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    times = {"network": [], "draw": []}
    ours = {}
    for _ in range(args.rounds):
        for _ in range(args.repeats):
            for name, value in peer.time().items():
                times[name].append(value)
        found, rows = own(args, folder)
        for name, value in rows.items():
            ours.setdefault(name, []).append(value)

    print(f"{found['processor']}, {args.threads} threads; torch {torch.__version__}, shape {args.config}, "
          f"guidance {args.guidance}, truncation {args.truncation}, {args.rounds} rounds of {args.repeats}")
    for key in ("float32 product, 10^9 a second", "bfloat16 product, 10^9 a second",
                "int8 product, 10^9 a second", "operations of a step, 10^9", "floor of a float32 step, ms"):
        print(f"{key}: {found[key]:.1f}")
    print(f"peak memory, MiB: peer {memory:.0f}, ours in fp32 {found['peak_memory_mib, fp32']:.0f}")
    print(f"{'what':<28}{'min ms':>10}{'median ms':>12}{'min cpu ms':>12}{'peer / ours':>14}{'by cpu':>10}")
    shortest = {}
    for side, rows in (("peer", times), ("ours", ours)):
        for name, values in rows.items():
            wall, cpu = (sorted(value[i] for value in values) for i in (0, 1))
            shortest[side, name] = (wall[0], cpu[0])
            print(f"{side + ', ' + name:<28}{wall[0]:>10.2f}{statistics.median(wall):>12.2f}{cpu[0]:>12.2f}", end="")
            if side == "ours":
                against = shortest["peer", "draw" if name.startswith("draw") else "network"]
                print(f"{against[0] / wall[0]:>14.2f}{against[1] / cpu[0]:>10.2f}", end="")
            print()
    for side, name in shortest:
        if side == "ours" and name.startswith("network"):
            ratios = [sum(shortest["peer", part][i] for part in ("network", "draw"))
                      / (shortest["ours", name][i] + shortest["ours", "draw, fused"][i]) for i in (0, 1)]
            print(f"whole step, {name[9:]}: {ratios[0]:.2f} times the peer's rate, by processor time {ratios[1]:.2f}")


if __name__ == "__main__":
    main()
