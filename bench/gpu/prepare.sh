#!/usr/bin/env bash
# prepare.sh [WORKER]: puts what a training window on another machine needs into build/gpu/, a few MB that
# travel beside the tracked files: the worker (stripped; WORKER = the program of a build, or it is built by the
# preset "worker"), our kernels, the tokenizer of configs/scenes128-*.json, and, where WORKER's folder has them, the
# tests and benchmarks of run_all.sh. bench/gpu/README.md.
set -euo pipefail
cd "$(dirname "$0")/../.."

out=build/gpu
worker=${1:-}
if [[ -z $worker ]]; then
  tools/bootstrap --nvcc --preset worker tessera-worker tessera_cuda tessera_cuda_graph
  worker=build/worker/bin/tessera-worker
fi
mkdir -p "$out"
strip -o "$out/tessera-worker" "$worker"
for name in libtessera_cuda.so libtessera_cuda_graph.so cuda_kernels_test nn_test nn_modules_test vqvae_test diffusion_test denoisers_test pipeline_test cuda_kernels_bench step_bench; do
  [[ ! -e ${worker%/*}/$name ]] || strip -o "$out/$name" "${worker%/*}/$name"
done

if [[ ! -e $out/tokenizer/tokens.tsv ]]; then
  rm -rf "$out/tokenizer.run"
  ./tessera train tokenizer --config configs/scenes128-tokenizer.json --out "$out/tokenizer.run"
  mkdir -p "$out/tokenizer"
  found=$(find "$out/tokenizer.run" -name tokens.tsv -print -quit)
  cp "$(dirname "$found")"/* "$out/tokenizer/"
  rm -rf "$out/tokenizer.run"
fi
du -sh "$out"/*
