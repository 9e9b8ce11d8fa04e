#!/bin/sh
# What a codec makes of a folder of anyone's pictures: how much is lost, which codes are used, and a
# page that sets two codecs side by side where a second model is named.
#
#   eval/scripts/own_pictures.sh PICTURES OUT [MODEL [MODEL2]]
#
# PICTURES  a folder, searched to its depth; PNG, JPEG, WebP and BMP
# OUT       folder for records and reconstructions
# MODEL     whose codec (default: the shipped model, which was taught emoji-scenes at 64 pixels)
# MODEL2    another one, to compare with
#
# LPIPS_BACKBONE=FILE and LPIPS_HEADS=FILE measure LPIPS too (docs/evaluation.md).
# Pictures that cannot be read are named and counted; the rest is measured.
set -eu
[ $# -ge 2 ] || { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")/../.." && pwd)
tessera=${TESSERA:-$here/tessera}
pictures=$1
out=$2
first=${3:-}
second=${4:-}
mkdir -p "$out"

# measure NAME MODEL: exit code 4, some pictures unreadable, is no reason to stop.
measure() {
  name=$1
  set -- "$pictures" --count 0 --records "$out/$name.jsonl" --pictures "$out/$name" --overwrite \
    ${2:+--model "$2"}
  if [ -n "${LPIPS_BACKBONE:-}" ]; then
    set -- "$@" --lpips-backbone "$LPIPS_BACKBONE" --lpips-heads "$LPIPS_HEADS"
  fi
  printf '\n== %s through the codec of %s\n' "$pictures" "$name"
  "$tessera" eval reconstruction "$@" || [ $? -eq 4 ]
}

measure first "$first"
[ -n "$second" ] || exit 0
measure second "$second"
printf '\n== Both, picture by picture\n'
"$tessera" eval compare "$out/first.jsonl" "$out/second.jsonl" --by ssim \
  --html "$out/compared.html" --overwrite
