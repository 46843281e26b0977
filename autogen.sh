#!/bin/sh
exec autoreconf --force --install "$(dirname "$0")"
