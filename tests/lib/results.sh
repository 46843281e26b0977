# shellcheck shell=bash
# Counting: every TAP case of every suite becomes one line of the results file,
# "pass|fail|skip<TAB>suite: name<TAB>log".

results_open() {
	results_file=$1
	: >"$results_file"
}

result() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$results_file"; }

# result_tap SUITE LOG STATUS: count the TAP in LOG, the output of a suite that ended with
# STATUS. A missing plan, a plan that doesn't agree or a bad exit without a failed case is a
# failed case itself.
result_tap() {
	awk -v suite="$1" -v log_file="$2" -v status="$3" '
		function told(what, name) { printf "%s\t%s: %s\t%s\n", what, suite, name, log_file; }
		/^1\.\.[0-9]+/ {
			planned = 1
			plan = substr($1, 4) + 0
			if (plan == 0) told("skip", $0)
			next
		}
		/^(not )?ok([ \t]|$)/ {
			seen++
			name = $0
			sub(/^(not )?ok[ \t]*[0-9]*[ \t]*(- )?/, "", name)
			if (name ~ /#[ \t]*[Ss][Kk][Ii][Pp]/) told("skip", name)
			else if ($1 == "not" && name !~ /#[ \t]*[Tt][Oo][Dd][Oo]/) { told("fail", name); failed++ }
			else told("pass", name)
			next
		}
		/^Bail out!/ { told("fail", $0); failed++ }
		END {
			if (!planned) told("fail", status == 124 || status == 137 ? "did not end in time" : "ended without a plan")
			else if (plan != seen) told("fail", "planned " plan " cases, ran " seen + 0)
			else if (status != 0 && !failed) told("fail", "exit status " status)
		}' "$2" >"$2.cases"
	# Jobs that end together take turns.
	flock "$results_file.lock" cat "$2.cases" >>"$results_file"
	rm -f "$2.cases"
}

# result_command NAME LOG COMMAND…: one case: the command succeeds.
result_command() {
	local name=$1 log=$2
	shift 2
	if "$@" >"$log" 2>&1 </dev/null 8>&-; then
		result pass "$name" "$log"
	else
		result fail "$name" "$log"
		say "FAILED: $name ($log)"
		return 1
	fi
}

# results_told SUITE-PREFIX: one line of progress.
results_told() {
	awk -F'\t' -v prefix="$1" 'index($2, prefix) == 1 { n[$1]++ }
		END { printf "%s: %d passed, %d failed%s\n", prefix, n["pass"], n["fail"],
			n["skip"] ? ", " n["skip"] " skipped" : "" }' "$results_file"
}

# results_summary: names of what failed, what was skipped, the last line, and the exit status.
results_summary() {
	awk -F'\t' '
		{ n[$1]++ }
		$1 == "fail" { print "FAILED: " $2 " (" $3 ")" }
		END {
			if (!n["pass"] && !n["fail"]) print "nothing was run"
			if (n["skip"]) print n["skip"] " skipped"
			printf "%d passed, %d failed\n", n["pass"], n["fail"]
			exit !(n["pass"] && !n["fail"])
		}' "$results_file"
}
