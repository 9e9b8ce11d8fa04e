#!/bin/sh
# Measures the shipped model end to end: what the codec loses, how many bits its codes need, how often
# pictures show what their captions say, and how far the codec, not the words, is to blame.
#
#   eval/scripts/shipped_model.sh [OUT] [COUNT]
#
# OUT    folder for records, pictures and the page (default: evaluation)
# COUNT  captions (default: 500; 500 take some minutes on two cores)
#
# It can be interrupted and started again: records are gone on with.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
tessera=${TESSERA:-$here/tessera}
out=${1:-evaluation}
count=${2:-500}
mkdir -p "$out"

say() { printf '\n== %s\n' "$1"; }

say "The codec on $count held-out scenes"
"$tessera" eval reconstruction --count "$count" --records "$out/codec.jsonl" --overwrite

say "Bits of their codes"
"$tessera" eval bpd --count "$count" --times 10

say "Do pictures show what their captions say?"
"$tessera" eval compositional --count "$count" --seed 1 \
  --records "$out/model.jsonl" --pictures "$out/model" --resume

say "The same scenes through the codec: what no model on these codes can exceed"
"$tessera" eval compositional --count "$count" --seed 1 --source codec \
  --records "$out/ceiling.jsonl" --pictures "$out/ceiling" --resume

say "Model and ceiling, picture by picture"
"$tessera" eval compare "$out/model.jsonl" "$out/ceiling.jsonl" \
  --html "$out/compared.html" --csv "$out/compared.csv" --overwrite
