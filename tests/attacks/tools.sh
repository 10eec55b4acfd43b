#!/usr/bin/env bash
# Other people's tools against the real program: slowhttptest (Debian), sqlmap and schemathesis (PyPI), dudect (a crate).
#   tests/attacks/tools.sh                        all of them, in a short form
#   tests/attacks/tools.sh slow sqlmap            only these
#   CONNECTIONS=4000 SECONDS_SLOW=60 SQLMAP_LEVEL=3 EXAMPLES=1000 tests/attacks/tools.sh    the long form
# Starts the program on a data folder of its own and takes both away in the end. PY may name a folder with the tools.
set -euo pipefail
cd "$(dirname "$0")/../.."
wanted=("${@:-slow}"); [ $# -gt 0 ] || wanted=(slow sqlmap schemathesis dudect)
program=${PROGRAM:-target/debug/customer-intelligence}
port=${PORT:-18090}
data=$(mktemp -d /var/tmp/ci-attacks.XXXXXX)
chmod 755 "$data"
out=$(mktemp -d)
secret='the gateway secret of these attacks'
tenant=00000000-0000-0000-0000-00000000007e
url=http://127.0.0.1:$port

[ -x "$program" ] || cargo build
env CI_DATA_DIR="$data" CI_PORT="$port" CI_WEBHOOK_SECRET="$secret" CI_GATEWAY_SECRET="$secret" \
  CI_GRAPHQL_REQUESTS_PER_SECOND=0 CI_LOG=warn "$program" serve >"$out/log" 2>&1 &
served=$!
cleanup() {
  kill "$served" 2>/dev/null || true
  wait "$served" 2>/dev/null || true
  rm -rf "$data" "$out"
}
trap cleanup EXIT
for _ in $(seq 300); do curl -fs "$url/readyz" >/dev/null && break; sleep .2; done
curl -fs "$url/readyz" >/dev/null || { cat "$out/log"; exit 1; }

tool() { if [ -n "${PY:-}" ]; then "$PY/$1" "${@:2}"; else "$@"; fi; }

ask() {
  curl -sS -o /dev/null -w '%{http_code}\n' --max-time 10 "$url/graphql" -H "x-ci-secret: $secret" \
    -H 'content-type: application/json' -H 'x-hasura-role: manager' -H "x-hasura-tenant-id: $tenant" \
    -d '{"query":"{ customer_insights { nodes { status } } }"}' || true
}

# Slow heads, slow bodies, slow reading; good requests beside them must all be answered.
slow() {
  local mode good all
  for mode in -H -B -X; do
    slowhttptest $mode -c "${CONNECTIONS:-1000}" -r 500 -i 2 -l "${SECONDS_SLOW:-15}" -u "$url/webhooks/hasura" -t POST \
      -p 3 >"$out/slow" 2>&1 &
    local attack=$!
    good=0 all=0
    while kill -0 "$attack" 2>/dev/null; do
      all=$((all + 1))
      [ "$(ask)" = 200 ] && good=$((good + 1))
      sleep .1
    done
    echo "slowhttptest $mode: $good of $all good requests answered"
    [ "$good" = "$all" ]
  done
}

# Every string argument as a place to inject into.
sqlmap_() {
  local query body found=0
  while IFS= read -r query; do
    body=$(printf '{"query":"%s"}' "$query")
    tool sqlmap -u "$url/graphql" --method POST --data "$body" --batch --flush-session --output-dir "$out/sqlmap" \
      --level "${SQLMAP_LEVEL:-1}" --risk "${SQLMAP_RISK:-1}" --dbms PostgreSQL --technique BEUST --ignore-code '*' \
      --header "x-ci-secret: $secret" --header 'content-type: application/json' --header 'x-hasura-role: admin' \
      --header "x-hasura-tenant-id: $tenant" >"$out/said" 2>&1 || true
    if grep -qE 'is vulnerable|appears to be .* injectable|identified the following injection' "$out/said"; then
      found=1
      echo "sqlmap: found something in $query"
      tail -n 20 "$out/said"
    elif ! grep -q 'do not appear to be injectable' "$out/said"; then
      found=1
      echo "sqlmap: did not get through $query"
      tail -n 5 "$out/said"
    else
      echo "sqlmap: nothing in $query"
    fi
  done <<'QUERIES'
{ customer_insight(person_profile_id: \"1*\") { status } }
{ customer_insight(person_profile_id: \"00000000-0000-0000-0000-000000000001\", as_of: \"2026*\") { status } }
{ customer_insights(after: \"a*\") { nodes { status } } }
{ customer_insights_by_ids(person_profile_ids: [\"1*\"]) { status explain(metric: \"total_bookings\") { text } } }
{ dead_letters(reason: \"not_json*\") { nodes { reason } } }
{ dead_letter(id: \"1*\") { reason } }
QUERIES
  [ "$found" = 0 ]
}

# Documents made from the served schema: no server error.
schemathesis_() {
  tool schemathesis run "$url/graphql" --checks not_a_server_error --max-examples "${EXAMPLES:-20}" --seed 1 \
    -H "x-ci-secret: $secret" -H 'x-hasura-role: admin' -H "x-hasura-tenant-id: $tenant" | tail -n 25
}

dudect() {
  timeout "${SECONDS_DUDECT:-600}" cargo bench --bench secrets
}

for one in "${wanted[@]}"; do
  printf '\n==== %s ====\n' "$one"
  case $one in
    slow) slow ;;
    sqlmap) sqlmap_ ;;
    schemathesis) schemathesis_ ;;
    dudect) dudect ;;
    *) echo "there is no $one"; exit 2 ;;
  esac
done
kill -0 "$served" || { echo 'the program ended'; cat "$out/log"; exit 1; }
! grep -q panicked "$out/log"
