#!/bin/sh
# Draw eight simulated stays, two of each course, with what a model of FOLDER/models says of them.
# Usage: gallery.sh FCV FOLDER
set -eu
fcv=$1 folder=$2
export FCV_MODELS_DIR="$folder/models" FCV_TIMEZONE=UTC
"$fcv" simulate --patients 60 --seed 7 "$folder/gallery.csv" "$folder/gallery-labels.csv"
mkdir -p "$folder/gallery"
for course in Sano Bajo_gasto_cardiaco Shock_cardiogenico Arresto_cardiaco; do
    number=0
    for stay in $(tr -d '"' <"$folder/gallery-labels.csv" | awk -F, -v course="$course" '$2 == course { print $1 }' |
        head -n 2); do
        number=$((number + 1))
        "$fcv" plot "$folder/gallery.csv" --encounter "$stay" --labels "$folder/gallery-labels.csv" \
            --model fcv-sim -o "$folder/gallery/$course-$number.png"
    done
done
