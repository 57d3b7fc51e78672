package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/scrip-engine/scrip/shard"
)

// Without this a variable that an operator set in a unit file loses to a
// forgotten line of a file, or the other way round, and nobody sees which.
func TestPrecedence(t *testing.T) {
	f := func(flag, env, file, wantValue, wantOrigin string) {
		t.Helper()
		args := []string{"config", "show", "--effective", "-o", "json"}
		if flag != "" {
			args = append(args, "--http-addr", flag)
		}
		if env != "" {
			t.Setenv("SCRIP_HTTP_ADDR", env)
		}
		if file != "" {
			path := write(t, "scrip.yaml", "# ours\nhttp-addr: "+file+"\n")
			args = append(args, "--config", path)
			wantOrigin = strings.ReplaceAll(wantOrigin, "FILE", path)
		}
		got := settingOf(t, call(t, args...), "http-addr")
		if got.Value != wantValue || got.Origin != wantOrigin {
			t.Errorf("flag %q, variable %q, file %q: %+v, want %s from %s", flag, env, file, got, wantValue, wantOrigin)
		}
	}
	f("", "", "", "127.0.0.1:8080", "default")
	f("", "", "c:3", "c:3", "file FILE:2")
	f("a:1", "", "c:3", "a:1", "flag --http-addr")
	f("a:1", "", "", "a:1", "flag --http-addr")
	f("", "b:2", "", "b:2", "variable SCRIP_HTTP_ADDR") // the variable stays set from here on
	f("", "b:2", "c:3", "b:2", "variable SCRIP_HTTP_ADDR")
	f("a:1", "b:2", "c:3", "a:1", "flag --http-addr")
}

func settingOf(t *testing.T, r result, name string) setting {
	t.Helper()
	var all []setting
	if err := json.Unmarshal([]byte(r.out), &all); err != nil || r.code != 0 {
		t.Fatalf("%v: %v", err, r)
	}
	for _, s := range all {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no setting %s in %s", name, r.out)
	return setting{}
}

// Without this the file reaches some kinds of settings and not others.
func TestEveryKindOfSettingComesFromTheFile(t *testing.T) {
	path := write(t, "scrip.yaml", `
data: /var/lib/scrip
shards: 4
case-sensitive: true
memory-budget: 2GiB
disk-low: 1000000
shutdown-timeout: 1m
log-level: warn
app-id: app_1
app-token: in-clear
server: http://elsewhere # a setting of other verbs
`)
	r := call(t, "config", "show", "--config", path)
	for _, want := range []string{"/var/lib/scrip", "4", "true", "2GiB", "1000000B", "1m0s", "warn", "app_1", "***"} {
		if !strings.Contains(r.out, want+"\n") {
			t.Errorf("no %s in\n%v", want, r)
		}
	}
	if strings.Contains(r.out+r.err, "in-clear") {
		t.Errorf("the token is shown: %v", r)
	}
}

// Without this a setting cannot be given in a container, or has another name
// there.
func TestEverySettingOfServeHasItsVariable(t *testing.T) {
	parser, err := kong.New(new(grammar))
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range parser.Model.Children {
		if node.Name != "serve" {
			continue
		}
		for _, flag := range node.Flags {
			want := "SCRIP_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
			if !reflect.DeepEqual(flag.Envs, []string{want}) {
				t.Errorf("--%s has the variables %v, want %s", flag.Name, flag.Envs, want)
			}
		}
		return
	}
	t.Fatal("there is no serve")
}

// Without this a typing error in the file means a default, in production.
func TestConfigurationFileThatIsWrong(t *testing.T) {
	f := func(text string, wants ...string) {
		t.Helper()
		r := call(t, "config", "show", "--config", write(t, "scrip.yaml", text))
		if r.code != codeUsage || r.out != "" || strings.Count(r.err, "\n") != 1 {
			t.Errorf("%q: %v", text, r)
		}
		for _, want := range wants {
			if !strings.Contains(r.err, want) {
				t.Errorf("%q: %q does not say %q", text, r.err, want)
			}
		}
	}
	f("http_adr: a:1\n", "line 1", `"http_adr"`, `did you mean "http-addr"?`)
	f("http_addr: a:1\n", `did you mean "http-addr"?`)
	f("# x\nshard: 1\nloglevel: x", "line 2", `"shards"`, "line 3", `"log-level"`)
	f("amount: 5\n", `no setting "amount"`)
	f("completely-else: 5\n", `no setting "completely-else"`)
	f("shards: 1\nshards: 2\n", "shards")
	f("shards: [1, 2]\n", "line 1: shards must have one value")
	f("shards:\n", "line 1: shards must have one value")
	f("- shards\n", "name: value")
	f("shards: many\n", "--shards")
	f("log-level: loud\n", "--log-level")
	f("disk-low: 5GB\n", "is not a size such as 512MiB")
	f("shards: 1\n  nested: 2\n", "scrip.yaml")
	f("shards: 1\n---\nshards: 2\n", "more than one document")
	r := call(t, "config", "show", "--config", "/does/not/exist")
	if r.code != codeUsage || !strings.Contains(r.err, "/does/not/exist") {
		t.Errorf("a file that is not there: %v", r)
	}
}

// Without this a file with nothing in it is an error.
func TestConfigurationFileWithNothing(t *testing.T) {
	for _, text := range []string{"", "# all defaults\n", "\n\n", "---\n"} {
		if r := call(t, "config", "show", "--config", write(t, "scrip.yaml", text)); r.code != 0 || r.out != "" {
			t.Errorf("%q: %v", text, r)
		}
	}
}

// Without this settings that cannot work are found when it is too late.
func TestSettingsThatCannotWork(t *testing.T) {
	f := func(want string, args ...string) {
		t.Helper()
		if r := call(t, append([]string{"config", "show"}, args...)...); r.code != codeUsage || !strings.Contains(r.err, want) {
			t.Errorf("%v: %v", args, r)
		}
	}
	f("come together", "--app-id", "a")
	f("come together", "--app-token", "@x")
	f("--data", "--data", "")
	f("--shutdown-timeout", "--shutdown-timeout", "0s")
	f("--memory-budget", "--disk-low", "0")
	f("did you mean", "--http-adr", "x")
}

// Without this the help promises another bound than the engine's own.
func TestDefaultBudgetIsTheShards(t *testing.T) {
	var budget byteSize
	if err := budget.UnmarshalText([]byte(settingOf(t, call(t, "config", "show", "--effective", "-o", "json"), "memory-budget").Value)); err != nil {
		t.Fatal(err)
	}
	if budget != shard.DefaultBudgetBytes {
		t.Errorf("the default is %v, of a shard %v", budget, byteSize(shard.DefaultBudgetBytes))
	}
}

// Without this 1GB is taken for one thing by us and for another by its reader.
func TestByteSize(t *testing.T) {
	f := func(text string, want byteSize, printed string) {
		t.Helper()
		var got byteSize
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want || got.String() != printed {
			t.Errorf("%q: %d %s, %v; want %d %s", text, uint64(got), got, err, uint64(want), printed)
		}
	}
	f("0", 0, "0")
	f("1000", 1000, "1000B")
	f("1024", 1024, "1KiB")
	f("512MiB", 512<<20, "512MiB")
	f("12 GiB", 12<<30, "12GiB")
	f("1TiB", 1<<40, "1TiB")
	f("7B", 7, "7B")
	for _, text := range []string{"", "GiB", "-1", "1.5GiB", "1GB", "1gib", "9223372036854775808", "8388608TiB"} {
		if err := new(byteSize).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken for a size", text)
		}
	}
}

// Without this an amount is shown ten times too large for somebody's currency.
func TestMoney(t *testing.T) {
	f := func(minor int64, currency, want string) {
		t.Helper()
		if got := money(minor, currency); got != want {
			t.Errorf("%d %s: %q, want %q", minor, currency, got, want)
		}
	}
	f(1999, "USD", "19.99 USD")
	f(5, "EUR", "0.05 EUR")
	f(-5, "EUR", "-0.05 EUR")
	f(500, "JPY", "500 JPY")
	f(-500, "JPY", "-500 JPY")
	f(12345, "BHD", "12.345 BHD")
	f(1999, "", "1999")
	f(-9223372036854775808, "USD", "-92233720368547758.08 USD")
}
