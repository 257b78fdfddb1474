#!/bin/sh
# Start Sightword from its environment with the folder in $PHOTOS, if any. Where there is no display
# to open a window on, index the folder instead and say how to search it.
set -eu

sightword=.venv/bin/sightword
photos="${PHOTOS:-}"
case "$photos" in
  "~" | "~/"*) photos="$HOME${photos#\~}" ;;  # make hands the tilde on as it was typed
esac

if [ "$(uname -s)" = Darwin ] || [ -n "${DISPLAY:-}" ] || [ -n "${WAYLAND_DISPLAY:-}" ]; then
  exec "$sightword" ${photos:+"$photos"}
fi

if [ -z "$photos" ]; then
  echo "Sightword is set up, but there is no display here to open its window on."
  echo "Give it a folder of photos, and it looks through them without a window:"
  echo "  make run PHOTOS=~/Pictures"
  exit 0
fi

echo "There is no display here, so Sightword looks through the photos without its window."
"$sightword" index "$photos"
echo "Done. Now say what you remember of a photo:"
echo "  $sightword search \"a dog on the beach\""
