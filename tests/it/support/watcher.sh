# Ends the test server when no test process is left, however the last one ended. Arguments: folder, data folder.
#
# Each test process keeps users/<pid>. Before the server is ended, stopping/ is made and users/ is read again; a test
# process first writes users/<pid> and then looks for stopping/. So one of the two always sees the other.
cd "$1" || exit 1
data=$2
idle=0
in_use() {
  for user in users/*; do
    [ -e "$user" ] || continue
    kill -0 "${user##*/}" 2>/dev/null && return 0
    rm -f "$user"
  done
  return 1
}
while sleep 1; do
  if in_use; then idle=0; continue; fi
  idle=$((idle + 1))
  [ "$idle" -ge 2 ] || continue
  mkdir stopping 2>/dev/null || continue
  if in_use; then rmdir stopping; idle=0; continue; fi
  if read -r pid <"$data/postmaster.pid"; then
    kill -INT "$pid" 2>/dev/null
    tries=0
    while [ -e "$data/postmaster.pid" ] && [ "$tries" -lt 200 ]; do sleep 0.1; tries=$((tries + 1)); done
  fi
  rm -f watcher
  rmdir stopping
  exit 0
done
