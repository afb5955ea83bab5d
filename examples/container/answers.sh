#!/bin/sh
# Serves the site on loopback and asks for its first page.
set -e
httpd -f -h /site -p 127.0.0.1:8080 &
server=$!
tries=0
until wget -q -O /tmp/answer.html http://127.0.0.1:8080/; do
  tries=$((tries + 1))
  [ "$tries" -lt 10 ]
  sleep 1
done
kill "$server"
grep "<h1>$TITLE</h1>" /tmp/answer.html
