#!/usr/bin/env bash
# Other people's tools against the real program: slowhttptest (Debian), sqlmap and schemathesis (PyPI), dudect (a crate).
#   tests/attacks/tools.sh                        all of them, in a short form
#   tests/attacks/tools.sh slow sqlmap            only these
#   CONNECTIONS=4000 SECONDS_SLOW=60 SQLMAP_LEVEL=3 EXAMPLES=1000 tests/attacks/tools.sh    the long form
# Fills a data folder of its own with a simulated operator, so that there is something to be stolen behind every field, and
# takes it away in the end. PY may name a folder with the tools; sqlmap's requests are made by graphql-core (PyPI).
set -euo pipefail
cd "$(dirname "$0")/../.."
wanted=("${@:-slow}"); [ $# -gt 0 ] || wanted=(slow sqlmap schemathesis dudect)
program=${PROGRAM:-target/debug/customer-intelligence}
port=${PORT:-18090}
data=$(mktemp -d /var/tmp/ci-attacks.XXXXXX)
chmod 755 "$data"
out=$(mktemp -d)
secret='the gateway secret of these attacks'
tenant=$(python3 -c 'import uuid; print(uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_OID, "stand-in operator 1"), "operator"))')
url=http://127.0.0.1:$port

[ -x "$program" ] || cargo build
export CI_DATA_DIR="$data" CI_PORT="$port" CI_WEBHOOK_SECRET="$secret" CI_GATEWAY_SECRET="$secret" CI_LOG=warn
"$program" demo --once --seed 1 --persons "${PERSONS:-600}" >"$out/log" 2>&1 || { cat "$out/log"; exit 1; }
CI_GRAPHQL_REQUESTS_PER_SECOND=0 "$program" serve >"$out/log" 2>&1 &
served=$!
cleanup() {
  kill "$served" 2>/dev/null || true
  wait "$served" 2>/dev/null || true
  rm -rf "$data" "$out" .schemathesis
}
trap cleanup EXIT
for _ in $(seq 300); do curl -fs "$url/readyz" >/dev/null && break; sleep .2; done
curl -fs "$url/readyz" >/dev/null || { cat "$out/log"; exit 1; }

# A delivery that nobody can use: something for the fields of dead letters to find.
deliver() {
  curl -fsS -o /dev/null "$url/webhooks/hasura" -H "x-ci-secret: $secret" -H 'content-type: application/json' -d @- <<JSON
{ "id": "00000000-0000-4000-8000-0000000000aa", "created_at": "2026-01-01T00:00:00Z",
  "trigger": { "name": "ci_person_profiles" }, "table": { "schema": "backoffice", "name": "person_profiles" },
  "delivery_info": { "max_retries": 3, "current_retry": 0 },
  "event": { "op": "INSERT", "data": { "old": null, "new": { "tenant_id": "$tenant" } } } }
JSON
}
deliver

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

# Every argument that is written as a string, as a place to inject into. WHERE takes only requests that match.
sqlmap_() {
  local body found=0 tried=0
  tool python3 tests/attacks/arguments.py schema.graphql "$url" "$secret" "$tenant" | grep -e "${WHERE:-.}" >"$out/bodies"
  while IFS= read -r body; do
    tried=$((tried + 1))
    tool sqlmap -u "$url/graphql" --method POST --data "$body" --batch --flush-session --output-dir "$out/sqlmap" \
      --level "${SQLMAP_LEVEL:-1}" --risk "${SQLMAP_RISK:-1}" --dbms PostgreSQL --technique BEUST --ignore-code '*' \
      --header "x-ci-secret: $secret" --header 'content-type: application/json' --header 'x-hasura-role: admin' \
      --header "x-hasura-tenant-id: $tenant" >"$out/said" 2>&1 </dev/null || true
    if grep -qE 'is vulnerable|appears to be .* injectable|identified the following injection' "$out/said"; then
      found=1
      echo "sqlmap: found something in $body"
      tail -n 20 "$out/said"
    elif ! grep -q 'do not appear to be injectable' "$out/said"; then
      found=1
      echo "sqlmap: did not get through $body"
      tail -n 5 "$out/said"
    fi
  done <"$out/bodies"
  echo "sqlmap: $tried places tried"
  [ "$tried" -gt 0 ] && [ "$found" = 0 ]
}

# Documents made from the served schema: no server error.
schemathesis_() {
  export SCHEMATHESIS_HOOKS=scalars PYTHONPATH=tests/attacks PYTHONDONTWRITEBYTECODE=1
  tool schemathesis run "$url/graphql" --checks not_a_server_error --max-examples "${EXAMPLES:-20}" --seed 1 \
    -H "x-ci-secret: $secret" -H 'x-hasura-role: admin' -H "x-hasura-tenant-id: $tenant" | grep -v "^ *$" | tail -n 120
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
