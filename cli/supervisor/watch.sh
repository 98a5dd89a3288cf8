#!/bin/sh
# What stays of the supervisor while nothing happens: 2 MiB instead of Node.js' 50. It waits until a
# process ends, a signal comes or the minute is over, then becomes the supervisor again.
#   watch.sh "PID PID ..." COMMAND [ARGUMENT ...]     runs: COMMAND ... --because ended|stop|sweep
pids=$1
shift
because=
beats=0
trap 'because=stop' INT TERM HUP
while [ -z "$because" ]; do
  sleep 1 &
  # A signal ends the wait at once; waiting also collects children that have ended.
  wait $!
  beats=$((beats + 1))
  [ "$beats" -lt 60 ] || because=${because:-sweep}
  for pid in $pids; do
    kill -0 "$pid" 2>/dev/null || because=${because:-ended}
  done
done
exec "$@" --because "$because"
