#!/usr/bin/env bash
# train_shipped.sh PHASE...: one window of training the shipped 128-pixel models on a machine with LibTorch alone.
# Phases, in their order: probe codec diffusion judge export; ddpm (after codec) and clip train the Gaussian path
# and the ranking model, and may run beside another phase in a process of their own. State stays in $RUN, so a
# later call on the same machine goes on where the last one stopped; "export" leaves files under 16 MiB in $OUT,
# and $START (an exported folder, unpacked) begins another machine from them. bench/gpu/README.md says how windows
# are planned.
set -euo pipefail
cd "$(dirname "$0")/../.."

DEVICE=${DEVICE:-cuda}
RUN=${RUN:-build/gpu-run}              # state of this machine
OUT=${OUT:-build/gpu-out}              # what is brought back
KIT=${KIT:-build/gpu}                  # made by prepare.sh: tessera-worker, tokenizer/
START=${START:-}                       # an export, unpacked, to go on from: codec/ diffusion/ ddpm/ clip/
CODEC_SECONDS=${CODEC_SECONDS:-200}    # of training, the start not counted
DIFFUSION_SECONDS=${DIFFUSION_SECONDS:-330}
DDPM_SECONDS=${DDPM_SECONDS:-330}
CLIP_SECONDS=${CLIP_SECONDS:-120}
PROBE_STEPS=${PROBE_STEPS:-60}         # steps by which the pace is measured
CODEC_SET=${CODEC_SET:-}               # more "key=value key=value" for the configurations
DIFFUSION_SET=${DIFFUSION_SET:-}
DDPM_SET=${DDPM_SET:-}
CLIP_SET=${CLIP_SET:-}
JUDGED=${JUDGED:-500}                  # held-out captions of "judge"
EXPORT=${EXPORT:-codec diffusion ddpm clip}   # runs that "export" takes
PART=${PART:-15000000}                 # bytes of an exported part

mkdir -p "$RUN" "$OUT"
worker=$KIT/tessera-worker
[[ -x $worker ]] || { echo "train_shipped: $worker is missing; run bench/gpu/prepare.sh first" >&2; exit 2; }

# LibTorch: the wheel that a Python of this machine holds, unless the loader finds one by itself.
if [[ $DEVICE == cuda* && -z ${LIBTORCH:-} ]]; then
  LIBTORCH=$(python3 -c 'import os, torch; print(os.path.join(os.path.dirname(torch.__file__), "lib"))')
fi
[[ -z ${LIBTORCH:-} ]] || export LD_LIBRARY_PATH=$LIBTORCH${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

say() { printf '%(%H:%M:%S)T %s\n' -1 "$*" | tee -a "$OUT/window.log"; }

sets() { local pair; for pair in $1; do printf -- '--set\n%s\n' "$pair"; done; }

last() {  # last RUN KEY: the newest value of a key of its log
  grep -o "\"$2\":[^,}]*" "$1/log.jsonl" | tail -n 1 | cut -d: -f2
}

pace() {  # pace NAME CONFIG FLAG...: samples a second of a short run; the last log line leaves the start out
  local name=$1 config=$2 run=$RUN/pace-$1
  shift 2
  rm -rf "$run"
  "$worker" train --config "$config" --out "$run" --device "$DEVICE" "$@" --set "train.steps=$PROBE_STEPS" \
    --set "train.log_every=$((PROBE_STEPS / 3))" --set train.samples=0 --set train.validation_samples=0 \
    >>"$OUT/window.log" 2>&1
  last "$run" perf/samples_per_second
  rm -rf "$run"
}

steps_for() {  # steps_for SECONDS SAMPLES_A_SECOND BATCH: a little less than fits, at least PROBE_STEPS
  awk -v s="$1" -v r="$2" -v b="$3" -v least="$PROBE_STEPS" \
    'BEGIN {n = int(0.92 * s * r / b); print (n > least ? n : least)}'
}

batch_of() { grep -o '"batch": *[0-9]*' "$1" | grep -o '[0-9]*$'; }

value_in() {  # value_in "a=1 b=2" KEY: the last value that a list of settings gives, or nothing
  tr ' ' '\n' <<<"$1" | sed -n "s/^$2=//p" | tail -n 1
}

# train NAME CONFIG SECONDS MORE FLAG...: a run as long as SECONDS allow, by its measured pace; goes on with one
# that is there, whose number of steps stays.
train() {
  local name=$1 config=$2 seconds=$3 more=$4 run=$RUN/$1 rate steps batch flags=() told=0
  shift 4
  mapfile -t flags < <(sets "$more")
  if [[ -e $run/config.json ]]; then
    say "$name: going on"
    "$worker" train --resume --out "$run" --device "$DEVICE" \
      --set "train.time_budget_minutes=$(awk -v s="$seconds" 'BEGIN {print s / 60}')" >>"$OUT/window.log" 2>&1 || told=$?
  else
    batch=$(value_in "$more" train.batch)
    batch=${batch:-$(batch_of "$config")}
    rate=$(pace "$name" "$config" "$@" "${flags[@]}" --set "data.pool=$((4 * batch))")
    steps=$(value_in "$more" train.steps)
    steps=${steps:-$(steps_for "$seconds" "$rate" "$batch")}
    say "$name: $rate samples/s at batch $batch, $steps steps"
    "$worker" train --config "$config" --out "$run" --device "$DEVICE" "$@" "${flags[@]}" --set "train.steps=$steps" \
      --set "train.time_budget_minutes=$(awk -v s="$seconds" 'BEGIN {print s / 60}')" >>"$OUT/window.log" 2>&1 || told=$?
  fi
  say "$name: ended with $told at $(last "$run" perf/samples_per_second) samples/s, $(last "$run" step) steps, loss $(last "$run" loss)"
  return "$told"
}

phase_probe() {
  command -v nvidia-smi >/dev/null && nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader | tee -a "$OUT/window.log"
  say "$(nproc) cores; $("$worker" probe --device "$DEVICE")"
}

# begun NAME: sets `from`, the flags that begin a run with the exported weights of its name, where there are some.
begun() {
  from=()
  [[ -z $START || ! -d $START/$1/model ]] || from=(--set "train.start_from=$START/$1/model")
}

# The codec that the latent stages work on: this window's, else the exported one.
codec_folder() {
  if [[ -e $RUN/codec/model ]]; then printf %s "$RUN/codec"; else printf %s "$START/codec/model"; fi
}

phase_codec() {
  begun codec
  train codec configs/scenes128-vqvae.json "$CODEC_SECONDS" "$CODEC_SET" "${from[@]}"
}

phase_diffusion() {
  begun diffusion
  train diffusion configs/scenes128-diffusion.json "$DIFFUSION_SECONDS" "$DIFFUSION_SET" \
    --set "model.vqvae=$(codec_folder)" --set "model.tokenizer=$KIT/tokenizer" "${from[@]}"
}

phase_ddpm() {
  begun ddpm
  train ddpm configs/scenes128-ddpm.json "$DDPM_SECONDS" "$DDPM_SET" \
    --set "model.vqvae=$(codec_folder)" --set "model.tokenizer=$KIT/tokenizer" "${from[@]}"
}

phase_clip() {
  begun clip
  train clip configs/scenes128-clip.json "$CLIP_SECONDS" "$CLIP_SET" --set "model.tokenizer=$KIT/tokenizer" "${from[@]}"
}

phase_judge() {  # the model and, as its ceiling, the codec
  local source
  for source in model codec; do
    "$worker" eval --model "$RUN/diffusion/model" --count "$JUDGED" --seed 1 --batch 100 --source "$source" \
      --device "$DEVICE" >"$OUT/judged-$source.json" 2>>"$OUT/window.log"
    say "judged, $source: whole scenes $(grep -m 1 -o '"whole_scene": [0-9.]*' "$OUT/judged-$source.json" | cut -d' ' -f2)"
  done
}

phase_export() {  # parts that `cat` joins and `tar xz` unpacks; the codec is not in the models trained on it
  local what found=()
  for what in $EXPORT; do
    [[ ! -e $RUN/$what/model ]] || found+=("$what/model" "$what/log.jsonl")
  done
  rm -f "$OUT"/models.tar.gz.*
  tar -C "$RUN" --exclude='ddpm/model/vqvae' --exclude='diffusion/model/vqvae' -cf - "${found[@]}" |
    gzip -3 | split -b "$PART" -d - "$OUT/models.tar.gz."
  say "exported: $(du -ch "$OUT"/models.tar.gz.* | tail -n 1 | cut -f1) in $(ls "$OUT"/models.tar.gz.* | wc -l) parts"
}

(($#)) || set -- probe codec diffusion judge export
for phase in "$@"; do
  begun=$SECONDS
  "phase_$phase"
  say "$phase: $((SECONDS - begun)) s"
done
