#!/bin/sh
# Runs a program for a workplace that records exit statuses. The workplace links to this
# file from its `bin`, and to the program from `watched`, by the same name.
#
# It is a file of the repository because the system refuses to execute one that is open for
# writing, and any thread that starts a process may hold a new file open for a moment.
root=${0%/bin/*}
"$root/watched/${0##*/}" "$@"
status=$?
echo $status >> "$root/statuses"
exit $status
