# gnuplot -e "data='build/growth.dat'" bench/growth/plot.gp > docs/img/growth.png
# Draws what growth_bench --out wrote, a block a curve: x, min ms, median ms, min cpu ms, memory MiB.
# Pale: what growth in proportion, or with the square, would be, drawn through the last point.
set terminal png size 900,640 font 'DejaVu Sans,9' background '#ffffff'  # of few colours: a small file
set multiplot layout 2,2 margins 0.07,0.98,0.08,0.95 spacing 0.09,0.13
set logscale xy
set format x '%g'
set format y '%g'
set grid linecolor rgb '#dddddd'
set key top left Left reverse samplen 2 opaque
set border 3
set xtics nomirror
set ytics nomirror
blue = '#1f77b4'; orange = '#d9730d'; green = '#2e8b57'; grey = '#888888'; pale = '#c4c4c4'

set title 'batch'
set xlabel 'pictures'
set xrange [0.9:80]
set yrange [0.5:500]
stats data index 0 using 1:2 nooutput name 'step'
plot data index 0 using 1:2 with linespoints lc rgb blue pt 7 title 'guided step, ms', \
     data index 0 using 1:5 with linespoints lc rgb green pt 5 title 'its memory, MiB', \
     step_max_y * x / step_max_x with lines lc rgb pale notitle

set title 'tokens of a picture'
set xlabel 'tokens'
set xrange [50:5500]
set yrange [0.05:3000]
stats data index 1 using 1:2 nooutput name 'step'
stats data index 2 using 1:2 nooutput name 'attention'
plot data index 1 using 1:2 with linespoints lc rgb blue pt 7 title 'guided step, ms', \
     data index 2 using 1:2 with linespoints lc rgb orange pt 9 title 'its attention, ms', \
     data index 1 using 1:5 with linespoints lc rgb green pt 5 title 'its memory, MiB', \
     attention_max_y * (x / attention_max_x) ** 2 with lines lc rgb pale notitle

set title 'codes, 256 tokens'
set xlabel 'K'
set xrange [400:22000]
set yrange [0.2:6000]
stats data index 4 using 1:2 nooutput name 'fused'
stats data index 5 using 1:2 nooutput name 'dense'
plot data index 3 using 1:2 with linespoints lc rgb blue pt 7 title 'guided step, ms', \
     data index 4 using 1:2 with linespoints lc rgb orange pt 9 title 'draw, fused, ms', \
     data index 5 using 1:2 with linespoints lc rgb grey pt 11 title 'draw by dense matrices, ms', \
     data index 3 using 1:5 with linespoints lc rgb green pt 5 title 'memory of a step, MiB', \
     fused_max_y * x / fused_max_x with lines lc rgb pale notitle, \
     dense_max_y * (x / dense_max_x) ** 2 with lines lc rgb pale notitle

set title 'steps of a generation'
set xlabel 'steps'
set xrange [0.9:130]
set yrange [0.5:1000]
stats data index 6 using 1:2 nooutput name 'generation'
plot data index 6 using 1:2 with linespoints lc rgb blue pt 7 title 'generation, ms', \
     data index 6 using 1:5 with linespoints lc rgb green pt 5 title 'its memory, MiB', \
     generation_max_y * x / generation_max_x with lines lc rgb pale notitle
unset multiplot
