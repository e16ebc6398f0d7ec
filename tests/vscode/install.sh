#!/usr/bin/env bash
# Puts the VS Code, the Chromium and the tmux of these tests into build/vscode; nothing of the system is changed, no root is needed.
set -eu
cd "$(dirname "$0")"
bed=$PWD/../../build/vscode
mkdir -p "$bed"

if ! cmp -s package-lock.json "$bed/node_modules/.installed"; then
  cp package.json package-lock.json .npmrc "$bed/"
  cd "$bed"
  npm ci --silent --no-audit --no-fund --ignore-scripts
  # code-server brings VS Code as a package of its own, with its own lock file.
  (cd node_modules/code-server/lib/vscode && npm install --silent --no-audit --no-fund --omit=dev --ignore-scripts)
  cp package-lock.json node_modules/.installed
fi

if ! test -e "$bed/system/.unpacked"; then
  # Debian's Chromium and tmux with what they need and this machine has not, unpacked beside it.
  mkdir -p "$bed/apt/archives/partial" "$bed/system"
  apt-get -qq install --download-only --yes --no-install-recommends -o Debug::NoLocking=1 \
    -o Dir::Cache="$bed/apt" -o Dir::Cache::archives="$bed/apt/archives" chromium fonts-dejavu-core tmux >/dev/null
  for package in "$bed"/apt/archives/*.deb; do dpkg-deb -x "$package" "$bed/system"; done
  rm -rf "$bed/apt"
  touch "$bed/system/.unpacked"
fi
