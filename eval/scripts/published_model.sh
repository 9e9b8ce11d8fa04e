#!/bin/sh
# Measures a published model: pictures of your prompts, how well they go with them by a CLIP, and,
# where you name pictures to compare with, the distance between the two sets.
#
#   eval/scripts/published_model.sh ORG/NAME PROMPTS OUT [REFERENCE]
#
# ORG/NAME   a model that was fetched by `tessera pull ORG/NAME`, or a folder or checkpoint
# PROMPTS    a file with a prompt a line
# OUT        folder for pictures, their captions and scores
# REFERENCE  a folder of pictures, or statistics FILE.npz, to compare with
#
# CLIP=FILE        a published CLIP, such as ViT-B-32.pt; without it the shipped one, which knows
#                  emoji-scenes alone and says nothing of photographs
# INCEPTION=FILE   the Inception weights of FID, needed with REFERENCE
set -eu
[ $# -ge 3 ] || { sed -n '2,16s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")/../.." && pwd)
tessera=${TESSERA:-$here/tessera}
model=$1
prompts=$2
out=$3
reference=${4:-}
mkdir -p "$out/pictures"

if [ ! -e "$out/done" ]; then
  "$tessera" generate --prompts "$prompts" --model "$model" --seed 1 --out "$out/pictures/%06d.png" --overwrite
  # The caption of picture NNNNNN beside it, as clip-score and fid read it.
  grep -v -e '^#' -e '^[[:space:]]*$' "$prompts" | awk -v out="$out/pictures" '
    { file = sprintf("%s/%06d.txt", out, NR - 1); print > file; close(file) }'
  touch "$out/done"
fi

printf '\n== Pictures and their prompts\n'
if [ -n "${CLIP:-}" ]; then set -- --clip "$CLIP"; else set --; fi
"$tessera" eval clip-score "$out/pictures" --pairs "$out/clip.jsonl" "$@"

[ -n "$reference" ] || exit 0
printf '\n== Distance from %s\n' "$reference"
if [ -n "${INCEPTION:-}" ]; then set -- --features "$INCEPTION"; else set --; fi
"$tessera" eval fid "$out/pictures" "$reference" --resume "$out/features" "$@"
