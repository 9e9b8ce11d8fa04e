#!/usr/bin/env bash
# ablate.sh [NAME...]: what a choice is worth. Trains the 64-pixel denoiser once a line of the table below, all on
# the same scenes, codec and number of samples, judges each on the same held-out captions, and writes a line a run
# into $OUT/ablations.tsv. Needs what train_shipped.sh needs; bench/gpu/README.md.
set -euo pipefail
cd "$(dirname "$0")/../.."

DEVICE=${DEVICE:-cuda}
THREADS=${THREADS:-0}
RUN=${RUN:-build/gpu-run}
OUT=${OUT:-build/gpu-out}
KIT=${KIT:-build/gpu}
CODEC=${CODEC:-runs/starter-diffusion/model}   # a 64-pixel model: its codec and tokenizer
STEPS=${STEPS:-800}
BATCH=${BATCH:-256}
JUDGED=${JUDGED:-500}
MORE=${MORE:-}                         # more "key=value key=value"; the table's own come after them

# name, sampler:steps to judge by, settings
table() {
  cat <<'END'
mask-and-replace  confidence:16,ancestral:50  objective.kind=masked-ce
absorbing         confidence:16,ancestral:50  objective.kind=masked-ce model.transition.kind=absorbing
mask-and-replace-vb  ancestral:50             objective.kind=vb
absorbing-vb      ancestral:50                objective.kind=vb model.transition.kind=absorbing
uniform-vb        ancestral:50                objective.kind=vb model.transition.kind=uniform sampling.sampler=ancestral sampling.steps=50
small             confidence:16               model.transformer.width=96 model.transformer.layers=3 model.transformer.heads=3
medium            confidence:16               model.transformer.width=160 model.transformer.layers=5 model.transformer.heads=5
large             confidence:16               model.transformer.width=256 model.transformer.layers=6 model.transformer.heads=8
END
}

mkdir -p "$RUN" "$OUT"
if [[ $DEVICE == cuda* && -z ${LIBTORCH:-} ]]; then
  LIBTORCH=$(python3 -c 'import os, torch; print(os.path.join(os.path.dirname(torch.__file__), "lib"))')
fi
[[ -z ${LIBTORCH:-} ]] || export LD_LIBRARY_PATH=$LIBTORCH${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
log=$OUT/ablations.log

table | while read -r name judges settings; do
  (($#)) && [[ " $* " != *" $name "* ]] && continue
  run=$RUN/ablate-$name
  flags=()
  for pair in $MORE $settings; do flags+=(--set "$pair"); done
  rm -rf "$run"
  "$KIT/tessera-worker" train --config configs/starter-diffusion.json --out "$run" --device "$DEVICE" --threads "$THREADS" \
    --set "model.vqvae=$CODEC" --set "model.tokenizer=$CODEC/tokenizer" --set model.code_cache= \
    --set model.resident=true --set "data.pool=$((400 * BATCH))" --set data.draw=cpu --set "train.steps=$STEPS" \
    --set "train.batch=$BATCH" --set train.samples=0 --set train.checkpoint_every=0 --set train.sample_every=0 \
    "${flags[@]}" >>"$log" 2>&1 </dev/null || { printf '%s\tfailed\n' "$name" >>"$OUT/ablations.tsv"; continue; }
  for judge in ${judges//,/ }; do
    "$KIT/tessera-worker" eval --model "$run/model" --count "$JUDGED" --seed 1 --batch "$BATCH" --device "$DEVICE" --threads "$THREADS" \
      --sampler "${judge%:*}" --steps "${judge#*:}" >"$run/judged.json" 2>>"$log" </dev/null || continue
    printf '%s\t%s\t%s\t%s samples/s\n' "$name" "$judge" "$(grep -m 1 -o '"whole_scene": [0-9.]*' "$run/judged.json")" \
      "$(grep -o '"perf/samples_per_second":[^,}]*' "$run/log.jsonl" | tail -n 1 | cut -d: -f2)" | tee -a "$OUT/ablations.tsv"
  done
done
