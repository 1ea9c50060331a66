# Stages of a test run: sourced by Scripts/test.sh and .ci/run.
#
#   stages_begin
#   stage NAME BUDGET_SECONDS COMMAND ...   runs, times and records; fails at twice its budget
#   stages_finish                           prints the table and the closing line; its status is the run's
#
# A run inside a run (make test inside .ci/run) records its stages with the outer one.

stages_begin() {
  [ -n "${EDGEOPT_STAGES:-}" ] && return 0
  EDGEOPT_STAGES=$(mktemp -d "${TMPDIR:-/tmp}/edgeopt-stages.XXXXXX")
  export EDGEOPT_STAGES
  stages_owner=$$
  trap 'rm -rf "$EDGEOPT_STAGES"' EXIT
  : > "$EDGEOPT_STAGES/table"
}

# Passed, failed and skipped tests in a stage's log: Swift Testing's own lines, and our scripts' last line.
stage_counts() {
  awk '
    function number(line, word) { return match(line, "[0-9]+ " word) ? substr(line, RSTART, RLENGTH) + 0 : 0 }
    /^[^ ]* Test run with [0-9]+ test/ { swift = number($0, "test") }
    /^[^ ]* Test .* failed after/ && !/Test run with/ && !/Test case/ { swift_failed++ }
    /^[^ ]* Test .* skipped/ && !/Test case/ { swift_skipped++ }
    /^([a-z_ ]+: )?[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$/ {
      passed += number($0, "passed"); failed += number($0, "failed"); skipped += number($0, "skipped")
    }
    /[Ss]kip.*EDGEOPT_SHARED/ { shared++ }
    END {
      swift_passed = swift - swift_failed - swift_skipped
      if (swift_passed < 0) swift_passed = 0
      print passed + swift_passed, failed + swift_failed, skipped + swift_skipped, shared + 0
    }' "$1"
}

stage() {
  local name=$1 budget=$2 log status started seconds counts
  shift 2
  log=$EDGEOPT_STAGES/$name.log
  printf '\n=== %s\n' "$name"
  started=$(date +%s)
  timeout -k 10 $((2 * budget)) "$@" 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  seconds=$(($(date +%s) - started))
  [ "$seconds" -gt $((2 * budget)) ] && [ "$status" -eq 0 ] && status=124
  [ "$status" -eq 124 ] && echo "Stage $name took more than twice its budget of $budget s."
  counts=$(stage_counts "$log")
  printf '%s %s %s %s %s\n' "$name" "$status" "$seconds" "$budget" "$counts" >> "$EDGEOPT_STAGES/table"
  return "$status"
}

stages_finish() {
  if [ "${stages_owner:-}" != $$ ]; then
    ! awk '$2 != 0' "$EDGEOPT_STAGES/table" | grep -q .
    return
  fi
  printf '\n'
  awk -v shared="${EDGEOPT_SHARED:-}" '
    BEGIN { printf "%-26s %8s %8s %8s %8s %8s  %s\n", "stage", "seconds", "budget", "passed", "failed", "skipped", "" }
    {
      verdict = $2 == 0 ? "ok" : $2 == 124 ? "TOO SLOW" : "FAILED"
      # A stage that fails without a failing test (a build, a crash) is one failure.
      if ($2 != 0 && $6 == 0) $6 = 1
      printf "%-26s %8d %8d %8d %8d %8d  %s\n", $1, $3, $4, $5, $6, $7, verdict
      time += $3; passed += $5; failed += $6; skipped += $7; unshared += $8
    }
    END {
      printf "%-26s %8d\n\n", "all", time
      if (shared != "" && unshared > 0) {
        printf "%d tests skipped although EDGEOPT_SHARED is set: that is a failure.\n", unshared
        failed += unshared
      } else if (unshared > 0) {
        printf "Skipped for want of the shared corpus (EDGEOPT_SHARED): %d.\n", unshared
      }
      printf "%d passed, %d failed", passed, failed
      if (skipped > 0) printf ", %d skipped", skipped
      printf "\n"
      exit failed > 0
    }' "$EDGEOPT_STAGES/table"
}
