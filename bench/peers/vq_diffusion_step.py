#!/usr/bin/env python3
"""One guided step of VQ-Diffusion: Tessera against diffusers' VQDiffusionPipeline, in turn, on the same weights.

Makes a model folder of diffusers' layout with random weights (or takes one), then alternates: a step of the peer
(network on both halves of guidance, guidance, truncation, VQDiffusionScheduler.step: what its pipeline does between two
canvases) and a run of step_bench on the same folder. Prints the minimum and the median of both, and the ratios;
processor time too, with one thread the better measure on a machine that others use.

  python3 -m venv peer && peer/bin/pip install torch==2.11.0 diffusers==0.42.1 transformers
  peer/bin/python bench/peers/vq_diffusion_step.py --bin build/dev/bin --config small --work /tmp/peer

On a GPU (--device cuda) both sides make random weights of the shape themselves, and the peer is timed in every type
that is asked for, eager and, with --compile TYPE, through torch.compile:

  python3 bench/peers/vq_diffusion_step.py --device cuda --bin build/gpu --config ithq --compile bfloat16
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

SHAPES = {  # layers, width, grid side, codes, heads
    "small": (8, 384, 16, 1024, 6),
    "base": (19, 1024, 32, 2887, 16),
    "ithq": (36, 1408, 32, 4096, 16),
}
TEXT_WIDTH = 512
STEPS = 100


def make_transformer(shape):
    layers, width, side, codes, heads = SHAPES[shape]
    return Transformer2DModel(
        num_attention_heads=heads, attention_head_dim=width // heads, num_layers=layers,
        cross_attention_dim=TEXT_WIDTH, attention_bias=True, sample_size=side, num_vector_embeds=codes + 1,
        activation_fn="geglu-approximate", norm_type="ada_norm", num_embeds_ada_norm=STEPS)


def make_scheduler(shape):
    return VQDiffusionScheduler(num_vec_classes=SHAPES[shape][3] + 1, num_train_timesteps=STEPS)


def write_model(folder, shape):
    """Transformer and scheduler are what is measured; the other parts are there to be loaded, as small as they can be."""
    _, _, side, codes, _ = SHAPES[shape]
    torch.manual_seed(0)
    transformer = make_transformer(shape)
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
    scheduler = make_scheduler(shape)
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

    def __init__(self, transformer, scheduler, guidance, truncation):
        self.transformer, self.scheduler = transformer.eval(), scheduler
        self.device = transformer.device
        self.scheduler.set_timesteps(STEPS, device=self.device)
        self.guidance, self.truncation = guidance, truncation
        generator = torch.Generator().manual_seed(1)
        self.text = torch.randn(2, 77, TEXT_WIDTH, generator=generator).to(self.device, transformer.dtype)
        mask = transformer.num_vector_embeds - 1
        codes = torch.randint(0, mask, (1, transformer.num_latent_pixels), generator=generator)
        self.sample = torch.where(torch.rand(codes.shape, generator=generator) < 0.5, mask, codes).to(self.device)

    @staticmethod
    def of_folder(folder, guidance, truncation):
        return Peer(Transformer2DModel.from_pretrained(os.path.join(folder, "transformer")),
                    VQDiffusionScheduler.from_pretrained(os.path.join(folder, "scheduler")), guidance, truncation)

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

    def wait(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def time(self):
        """Wall and processor time of both halves of a step, in ms."""
        self.wait()
        marks = [(time.perf_counter(), time.process_time())]
        output = self.network()
        self.wait()
        marks.append((time.perf_counter(), time.process_time()))
        self.rest(output)
        self.wait()
        marks.append((time.perf_counter(), time.process_time()))
        spent = [[1e3 * (after[i] - before[i]) for i in (0, 1)] for before, after in zip(marks, marks[1:])]
        return dict(zip(("network", "draw"), spent))


def own(args, *model):
    """A run of step_bench: what it found, and by row the shortest wall and processor time in ms."""
    command = [os.path.join(args.bin, "step_bench"), *model, "--guidance", str(args.guidance), "--truncation",
               str(args.truncation), "--steps", str(STEPS), "--repeats", str(args.repeats), "--json"]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode != 0:
        sys.exit(f"{command[0]} failed: {ran.stderr}{ran.stdout}")
    found = json.loads(ran.stdout)
    return found, {row["name"]: [row["min_ms"], row["min_cpu_ms"]] for row in found["results"]}


def on_gpu(args):
    """The peer in each type, eager and compiled, and one run of step_bench, all on the same device."""
    torch.manual_seed(0)
    times = {}
    for name in args.types.split(","):
        with torch.device(args.device):
            transformer = make_transformer(args.config).to(getattr(torch, name))
        peer = Peer(transformer, make_scheduler(args.config), args.guidance, args.truncation)
        for kind in ("eager", "compiled") if name in args.compile.split(",") else ("eager",):
            begun = time.perf_counter()
            if kind == "compiled":
                peer.transformer = torch.compile(transformer)
            for _ in range(3):
                peer.time()
            print(f"peer, {name}, {kind}: ready after {time.perf_counter() - begun:.1f} s", flush=True)
            times[f"{name}, {kind}"] = [
                {part: value[0] for part, value in peer.time().items()} for _ in range(args.rounds * args.repeats)]
        del peer, transformer
        torch.cuda.empty_cache()
    found, rows = own(args, "--device", args.device, "--shape", args.config)
    print(f"{torch.cuda.get_device_name()}; torch {torch.__version__}, shape {args.config}, guidance {args.guidance}, "
          f"truncation {args.truncation}; ms, shortest / median")
    for key in ("kernels of ours on the GPU", "steps as a graph", "bfloat16 product, 10^9 a second",
                "copy on the device, 10^9 bytes a second", "floor of a bfloat16 step, ms"):
        print(f"{key}: {found[key]}")
    steps = {key: values[0] for key, values in rows.items() if key.startswith("step, ")}
    for key, value in steps.items():
        print(f"ours, {key}: {value:.2f}")
    for name, each in times.items():
        whole = sorted(sum(value.values()) for value in each)
        network = sorted(value["network"] for value in each)
        print(f"peer, {name}: step {whole[0]:.2f} / {statistics.median(whole):.2f}, network {network[0]:.2f} / "
              f"{statistics.median(network):.2f}; " +
              ", ".join(f"{whole[0] / value:.2f} times ours, {key}" for key, value in steps.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, help="folder of step_bench")
    parser.add_argument("--work", help="where the random model is written and kept; not on a GPU")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--types", default="float32,bfloat16", help="of the peer on a GPU")
    parser.add_argument("--compile", default="", help="those of the types in which torch.compile is timed too")
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
    if args.device != "cpu":
        return on_gpu(args)
    if args.work is None:
        parser.error("--work is needed: where the random model is written")

    folder = os.path.join(args.work, args.config)
    if not os.path.exists(os.path.join(folder, "model_index.json")):
        write_model(folder, args.config)
    peer = Peer.of_folder(folder, args.guidance, args.truncation)
    peer.time()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    times = {"network": [], "draw": []}
    ours = {}
    for _ in range(args.rounds):
        for _ in range(args.repeats):
            for name, value in peer.time().items():
                times[name].append(value)
        found, rows = own(args, "--model", folder, "--precision", args.precision, "--threads", str(args.threads))
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
