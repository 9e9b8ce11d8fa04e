#!/usr/bin/env bash
# run_all.sh: on a machine with a GPU, every test that needs one and every figure of docs/performance.md that was taken
# on one, within ten minutes. It needs LibTorch (the wheel of any Python there; 2.11 with CUDA 13) and the programs
# that prepare.sh puts into $KIT; no network, no compiler. All output is in $OUT/run_all.txt and $OUT/kernels.json, two
# files to bring back. bench/gpu/README.md.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit

DEVICE=${DEVICE:-cuda}
KIT=${KIT:-build/gpu}
RUN=${RUN:-build/gpu-run}
OUT=${OUT:-build/gpu-out}
REPEATS=${REPEATS:-30}
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
attempt kernels cuda_kernels_bench --repeats "$REPEATS"
attempt kernels-json cuda_kernels_bench --repeats "$REPEATS" --json && cp "$RUN/kernels-json.txt" "$OUT/kernels.json"
for batch in 1 8; do
  attempt "step-scenes128-$batch" step_bench --device "$DEVICE" --shape scenes128 --batch "$batch" --repeats "$REPEATS"
  attempt "step-base-$batch" step_bench --device "$DEVICE" --shape base --batch "$batch" --repeats "$REPEATS"
done
# The same without our kernels: Torch's own operators alone.
mkdir -p "$RUN/plain" && cp -f "$KIT/step_bench" "$RUN/plain/" && KIT=$RUN/plain
for batch in 1 8; do
  attempt "step-base-$batch-without" step_bench --device "$DEVICE" --shape base --batch "$batch" --repeats "$REPEATS"
done
exit "$status"
