#!/bin/sh
# See that the few system libraries which Qt needs on Linux are there, and a font to write with.
# As root on Debian or Ubuntu it installs what is missing; otherwise it prints the command to run.
# Does nothing on a Mac, where Qt brings all it needs. `--venv` also sees to Python's venv module.
set -eu

[ "$(uname -s)" = Linux ] || exit 0
PATH="$PATH:/usr/sbin:/sbin"  # ldconfig is there, and often not on a person's PATH

# library:package, read off `ldd` of PySide6's QtWidgets, the offscreen and the X11 platform plugin.
NEEDED="
libEGL.so.1:libegl1 libGL.so.1:libgl1 libX11.so.6:libx11-6 libglib-2.0.so.0:libglib2.0-0
libxkbcommon.so.0:libxkbcommon0 libdbus-1.so.3:libdbus-1-3 libfontconfig.so.1:libfontconfig1
libX11-xcb.so.1:libx11-xcb1 libxcb-cursor.so.0:libxcb-cursor0 libxcb-icccm.so.4:libxcb-icccm4
libxcb-image.so.0:libxcb-image0 libxcb-keysyms.so.1:libxcb-keysyms1 libxcb-randr.so.0:libxcb-randr0
libxcb-render-util.so.0:libxcb-render-util0 libxcb-render.so.0:libxcb-render0
libxcb-shape.so.0:libxcb-shape0 libxcb-shm.so.0:libxcb-shm0 libxcb-sync.so.1:libxcb-sync1
libxcb-xfixes.so.0:libxcb-xfixes0 libxcb-xkb.so.1:libxcb-xkb1 libxcb-glx.so.0:libxcb-glx0
libxkbcommon-x11.so.0:libxkbcommon-x11-0
"

known=$(ldconfig -p 2>/dev/null || true)
missing="" packages=""
for pair in $NEEDED; do
  case "$known" in
    *"${pair%%:*} "*) ;;
    *) missing="$missing ${pair%%:*}" packages="$packages ${pair##*:}" ;;
  esac
done

has_font=""
for folder in /usr/share/fonts /usr/local/share/fonts "${HOME:-/}/.fonts" "${HOME:-/}/.local/share/fonts"; do
  [ -d "$folder" ] || continue
  [ -z "$(find -L "$folder" \( -name '*.ttf' -o -name '*.otf' -o -name '*.ttc' \) -print -quit)" ] || has_font=yes
done
[ -n "$has_font" ] || missing="$missing a-font" packages="$packages fonts-dejavu-core"

if [ "${1:-}" = --venv ]; then
  if ! "${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null; then
    missing="$missing python-venv" packages="$packages python3-venv"
  fi
fi

[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "Sightword's window needs these, and they were not found:$missing." >&2
  echo "Install them with your system's package manager if the window does not open." >&2
  exit 0
fi

if [ "$(id -u)" = 0 ]; then
  echo "Installing what Qt needs from the system:$packages" >&2
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086  # a list of package names, meant to be split
  apt-get install -qq -y --no-install-recommends $packages >/dev/null 2>&1 || {
    apt-get update -qq  # a bare machine has no package lists yet
    apt-get install -qq -y --no-install-recommends $packages >/dev/null
  }
  exit 0
fi

echo "A few system libraries are missing:$missing. This one command installs them; then try again:" >&2
echo "  sudo apt install$packages" >&2
exit 1
