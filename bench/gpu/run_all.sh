#!/usr/bin/env bash
# run_all.sh: on a machine with a GPU, every test that needs one and every figure of docs/performance.md that was taken
# on one, within ten minutes. It needs LibTorch (the wheel of any Python there; 2.11 with CUDA 13) and the programs
# that prepare.sh puts into $KIT; no network, no compiler. All output is in $OUT/run_all.txt. bench/gpu/README.md.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit

DEVICE=${DEVICE:-cuda}
KIT=${KIT:-build/gpu}
RUN=${RUN:-build/gpu-run}
OUT=${OUT:-build/gpu-out}
REPEATS=${REPEATS:-20}
LIMIT=${LIMIT:-150}                    # seconds of one program

mkdir -p "$OUT" "$RUN"
all=$OUT/run_all.txt
: >"$all"
say() { printf '%(%H:%M:%S)T %s\n' -1 "$*" | tee -a "$all"; }

# LibTorch and the CUDA run-time library: the wheels that a Python of this machine holds, unless LIBTORCH names a folder.
if [[ -z ${LIBTORCH:-} ]]; then
  LIBTORCH=$(python3 -c 'import os, torch; print(os.path.join(os.path.dirname(torch.__file__), "lib"))') || LIBTORCH=
fi
libraries=$LIBTORCH
for folder in "$LIBTORCH"/../../nvidia/cu13/lib "$LIBTORCH"/../../nvidia/cuda_runtime/lib /usr/local/cuda/lib64; do
  [[ ! -e $folder/libcudart.so.13 ]] || { libraries=$libraries:$folder; break; }
done
export LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

status=0
attempt() {  # attempt NAME PROGRAM ARGUMENT...: its output into $all; a failure is told, and the rest goes on
  local name=$1 program=$2 begun=$SECONDS result=0 told=$RUN/$1.txt
  shift 2
  if [[ ! -x $KIT/$program ]]; then say "$name: $KIT/$program is missing; run bench/gpu/prepare.sh first"; status=1; return; fi
  timeout "$LIMIT" "$KIT/$program" "$@" >"$told" 2>&1 || result=$?
  say "$name: status $result, $((SECONDS - begun)) s"
  cat "$told" >>"$all"
  if ((result)); then
    status=1
    grep -E 'FAILED|WRONG|rror|Failure' "$told" | head -n 20
    tail -n 5 "$told"
  elif [[ $name != test-* && $name != *-json ]]; then
    cat "$told"
  fi
}

command -v nvidia-smi >/dev/null &&
  nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm --format=csv,noheader | tee -a "$all"
attempt test-kernels cuda_kernels_test
attempt test-nn nn_test
attempt test-nn-modules nn_modules_test
attempt test-vqvae vqvae_test --gtest_filter='NearestCode*'
attempt test-diffusion diffusion_test --gtest_filter='Prediction*'
attempt test-denoisers denoisers_test --gtest_filter='Transformer*'
attempt test-pipeline pipeline_test --gtest_filter='VqPipeline*'
attempt kernels cuda_kernels_bench --repeats "$REPEATS"
# A guided step: as it is, kernel by kernel instead of as a graph, and with Torch's own operators alone.
mkdir -p "$RUN/nograph" "$RUN/plain"
cp -f "$KIT/step_bench" "$RUN/plain/"
cp -f "$KIT/step_bench" "$KIT/libtessera_cuda.so" "$RUN/nograph/"
for shape in scenes128 base ithq; do
  step=(--device "$DEVICE" --shape "$shape" --repeats "$REPEATS")
  attempt "step-$shape" step_bench "${step[@]}"
  KIT=$RUN/nograph attempt "step-$shape-without-graph" step_bench "${step[@]}"
  KIT=$RUN/plain attempt "step-$shape-without" step_bench "${step[@]}"
  attempt "step-$shape-8" step_bench --device "$DEVICE" --shape "$shape" --batch 8 --repeats $((REPEATS / 8 + 2))
done
attempt step-scenes128-64 step_bench --device "$DEVICE" --shape scenes128 --batch 64 --repeats "$REPEATS"
# The peer, where Python has diffusers.
if python3 -c 'import diffusers' 2>>"$all"; then
  for shape in base ithq; do
    compile=${COMPILE-bfloat16}
    [[ $shape == ithq ]] || compile=
    timeout "$LIMIT" python3 bench/peers/vq_diffusion_step.py --device "$DEVICE" --bin "$KIT" --config "$shape" --rounds 1 \
      --repeats 10 --types float32,bfloat16 --compile "$compile" 2>>"$all" | tee -a "$all" || status=1
  done
fi
exit "$status"
