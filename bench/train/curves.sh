#!/usr/bin/env bash
# curves.sh OUT.png LOG KEY,KEY… [LOG KEY,KEY…]…: what a training logged, against its steps. A panel a LOG (a run's
# log.jsonl) with a curve a KEY (loss, psnr, val/psnr, ce, lr, …); a key that begins with val/ is drawn with
# points. Several logs joined by + are laid over each other: "runs/a/log.jsonl+runs/b/log.jsonl ce".
# Needs gnuplot.
set -euo pipefail

usage() { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
(($# >= 3 && $# % 2 == 1)) || usage
out=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

panels=$(($# / 2))
script=$work/plot.gp
cat >"$script" <<END
set terminal png size 900,$((panels * 300 + 20)) font 'DejaVu Sans,9' background '#ffffff'
set output '$work/out.png'
set multiplot layout $panels,1
set grid linecolor rgb '#dddddd'
set border 3
set xtics nomirror
set ytics nomirror
set key outside above samplen 2
set lmargin 9
set rmargin 3
END

# values LOG KEY: "step value" of the lines that hold KEY.
values() {
  sed -n "s|^{\"step\":\([0-9]*\),.*\"$2\":\([-+.0-9eE]*\).*|\1 \2|p" "$1"
}

count=0
while (($#)); do
  logs=$1 keys=$2
  shift 2
  plots=()
  for log in ${logs//+/ }; do
    [[ -r $log ]] || { echo "curves.sh: cannot read $log, the log.jsonl of a run" >&2; exit 3; }
    for key in ${keys//,/ }; do
      file=$work/$((++count)).txt
      values "$log" "$key" >"$file"
      [[ -s $file ]] || { echo "curves.sh: $log has no \"$key\"" >&2; exit 3; }
      style=lines
      [[ $key != val/* ]] || style="linespoints pt 7 ps 0.7"
      title=$key
      [[ $logs != *+* ]] || title="$(basename "$(dirname "$log")"): $key"
      plots+=("'$file' using 1:2 with $style lw 1.5 title '$title' noenhanced")
    done
  done
  (($#)) || echo "set xlabel 'step'" >>"$script"
  (IFS=,; echo "plot ${plots[*]}") >>"$script"
done
echo 'unset multiplot' >>"$script"
gnuplot "$script"
mv "$work/out.png" "$out"
