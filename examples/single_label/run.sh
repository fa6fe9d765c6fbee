#!/usr/bin/env bash
# A codebook of one's own from end to end: check the data, train, evaluate, use. Takes about ten seconds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
fazhi=${FAZHI:-fazhi}

echo "== Look for trouble in the data"
$fazhi labels debug data/train.jsonl data/test.csv --codebook codebook.toml

echo "== Train"
$fazhi train --data data/train.jsonl --codebook codebook.toml --output out/model --force --no-tracking

echo "== Evaluate on texts that were held out"
$fazhi evaluate --model out/model --data data/test.csv
