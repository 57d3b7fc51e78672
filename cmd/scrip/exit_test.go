package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/wire"
)

const redeemLine = "POST /v1/redemptions"

// Without this a script takes "used up" for "server down" and tries for ever, or
// takes an unknown outcome for a failure and redeems twice.
func TestExitCodes(t *testing.T) {
	f := func(answer reply, want int, wantErr ...string) {
		t.Helper()
		server := newFake(t, map[string]reply{redeemLine: answer})
		r := call(t, server.connected(t, "redeem", "SUMMER", "--key", "k-1", "--timeout", "2s")...)
		if r.code != want {
			t.Errorf("%s: %v, want exit %d", answer.body, r, want)
		}
		for _, text := range wantErr {
			if !strings.Contains(r.err, text) {
				t.Errorf("%s: %q does not say %q", answer.body, r.err, text)
			}
		}
		if (want == codeDone) != (r.err == "") || (want == codeDone) != (r.out != "") {
			t.Errorf("result and error are mixed: %v", r)
		}
	}
	f(done(`{"redemptions":[{"id":"r_1"}]}`), codeDone)
	for _, info := range wire.Keys() {
		want := map[wire.Family]int{
			wire.FamilyRefusal: codeRefused, wire.FamilyRequest: codeNotDone, wire.FamilyRetry: codeUnavailable,
			wire.FamilyUnknown: codeUnknown, wire.FamilyReserved: codeNotDone,
		}[info.Family]
		switch {
		case info.Status == 404:
			want = codeNotFound
		case info.Status == 401 || info.Status == 403:
			want = codeNotAllowed
		case info.Key == wire.KeyMultipleRequests: // 429
			want = codeUnavailable
		}
		f(refusal(info.Key), want, info.Key)
	}
	f(refusal(wire.KeyOutcomeUnknown), codeUnknown, "ask again with --key k-1")
	f(reply{502, "<html>"}, codeUnknown, "ask again with --key k-1")
	f(reply{200, "<html>"}, codeUnknown, "ask again with --key k-1")
}

// Without this nobody can ask again after an unknown outcome: the key was drawn
// and is forgotten.
func TestUnknownPrintsTheKeyThatWasSent(t *testing.T) {
	server := newFake(t, map[string]reply{redeemLine: refusal(wire.KeyOutcomeUnknown)})
	r := call(t, server.connected(t, "redeem", "SUMMER", "--timeout", "100ms", "-o", "json")...)
	var line errorLine
	if err := json.Unmarshal([]byte(r.err), &line); err != nil || r.code != codeUnknown {
		t.Fatalf("%v: %v", err, r)
	}
	if sent := server.requests[0].key; sent == "" || line.IdempotencyKey != sent || line.Outcome != wire.Unknown || line.ExitCode != codeUnknown {
		t.Errorf("%+v, sent with %q", line, sent)
	}
}

// Without this a server that is down is not told from one that refuses.
func TestServerThatIsDown(t *testing.T) {
	for _, args := range [][]string{
		{"voucher", "X", "--server", "http://127.0.0.1:1", "--app-id", "a", "--app-token", "@" + write(t, "token", "t"), "--timeout", "50ms"},
		{"status", "--ops", "http://127.0.0.1:1"},
		{"backup", "--to", "x", "--ops", "http://127.0.0.1:1"},
	} {
		if r := call(t, args...); r.code != codeUnavailable || r.out != "" || !strings.Contains(r.err, "unavailable") {
			t.Errorf("%v: %v", args, r)
		}
	}
}

// Without this a wrong command line looks like a failed redemption.
func TestUsage(t *testing.T) {
	token := "--app-token=@" + write(t, "token", "t")
	f := func(want string, args ...string) {
		t.Helper()
		if r := call(t, args...); r.code != codeUsage || r.out != "" || !strings.Contains(r.err, want) {
			t.Errorf("%v: %v", args, r)
		}
	}
	f("expected one of")
	f("unexpected argument", "redem", "X")
	f("expected", "redeem")
	f("unknown flag", "redeem", "X", "--custmer", "a")
	f("--output", "version", "-o", "xml")
	f("no server key", "redeem", "X", "--data", t.TempDir())
	f("come together", "redeem", "X", "--app-id", "a")
	f("http://host:port", "redeem", "X", "--server", "localhost:8080", "--app-id", "a", token)
	f("no such file", "redeem", "X", "--app-id", "a", "--app-token", "@/does/not/exist")
	f("is empty", "redeem", "X", "--app-id", "a", "--app-token", "@"+write(t, "token", "\n"))
	f("--now", "explain", "X", "--now", "tomorrow")
	f("goes with --follow", "events", "--from-beginning")
	f("--cursor", "events", "--follow", "--from-beginning", "--cursor", "c1")
	f("--since", "refusals", "--since", "yesterday")
	f("not counted by code", "refusals", "--counts", "--code", "X")
	f("goes with --counts", "refusals", "--step", "day")
	f("--limit", "refusals", "--limit", "-1")
	f("--count", "generate", "--campaign", "c", "--count", "0")
	f("missing flags", "import", "x.csv")
	f("no such file", "import", "/does/not/exist", "--campaign", "c", "--app-id", "a", token, "--server", "http://127.0.0.1:1")
	f("bash", "completion", "tcsh")
}

// Without this --help ends like an error, and packagers' scripts fail.
func TestHelpAndVersion(t *testing.T) {
	if r := call(t, "--help"); r.code != 0 || !strings.Contains(r.out, "6 unknown (ask again with the same key)") {
		t.Errorf("%v", r)
	}
	if r := call(t, "version"); r.code != 0 || !strings.HasPrefix(r.out, "scrip dev") {
		t.Errorf("%v", r)
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if r := call(t, "completion", shell); r.code != 0 || !strings.Contains(r.out, "complete ") {
			t.Errorf("%s: %v", shell, r)
		}
	}
	t.Setenv("COMP_LINE", "scrip ke")
	if r := call(t); r.code != 0 || r.out != "keys\n" {
		t.Errorf("completion of 'ke': %v", r)
	}
}

// Without this Ctrl-C while waiting for a job reads as a failed import.
func TestCtrlCWhileAJobRuns(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	server := newFake(t, map[string]reply{
		"POST /v1/campaigns/summer/importCSV": {202, `{"async_action_id":"aa_1"}`},
		"GET /v1/async-actions/aa_1":          done(`{"id":"aa_1","status":"IN_PROGRESS","progress":10}`),
	})
	server.seen = func(line string) {
		if strings.HasPrefix(line, "GET") {
			cancel() // the job has been looked at
		}
	}
	r := callUntil(t, ctx, server.connected(t, "import", write(t, "codes.csv", "Code\nA\n"), "--campaign", "summer")...)
	if r.code != codeNotDone || !strings.Contains(r.err, "the job aa_1 goes on at the server") {
		t.Errorf("%v", r)
	}
}
