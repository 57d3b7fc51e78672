package shard

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/coupon"
)

var rewrite = flag.Bool("rewrite", false, "write the answers of the scripts in testdata anew; read them as a diff")

// A script tells a life of coupons: a line is a command, the indented line below
// is its answer. One row for each refusal stands in the order of precedence, so
// a row that changes is a promise that changes (P3, P6, P7).
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runScript(t, string(text))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want := strings.Split(string(text), "\n")
			for i, line := range strings.Split(got, "\n") {
				if i >= len(want) || line != want[i] {
					t.Fatalf("%s:%d: answered %q, want %q", file, i+1, line, append(want, "the end")[min(i, len(want))])
				}
			}
		})
	}
}

// script runs commands on a world. Names stand for customers and redemptions.
type script struct {
	*world
	named     map[string]Reply
	customers map[string]coupon.ID
	frozen    *Frozen
}

func runScript(t *testing.T, text string) string {
	sc := &script{world: newWorld(t), named: map[string]Reply{}, customers: map[string]coupon.ID{}}
	var out strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "  ") {
			continue // an answer
		}
		fmt.Fprintln(&out, line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.Fields(line)
		if answer := sc.do(words[0], words[1:]); answer != "" {
			fmt.Fprintln(&out, "  "+answer)
		}
	}
	return out.String()
}

// args are the words of a line: names in order, then k=v.
type args struct {
	t     testing.TB
	names []string
	opts  map[string]string
}

func (a args) has(k string) bool { _, ok := a.opts[k]; return ok }

func (a args) num(k string, otherwise int64) int64 {
	v, ok := a.opts[k]
	if !ok {
		return otherwise
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		a.t.Fatal(err)
	}
	return n
}

func (sc *script) do(verb string, words []string) string {
	a := args{t: sc.t, opts: map[string]string{}}
	for _, w := range words {
		if k, v, ok := strings.Cut(w, "="); ok {
			a.opts[k] = v
		} else if strings.HasPrefix(w, "-") && verb != "time" {
			a.opts[w[1:]] = ""
		} else {
			a.names = append(a.names, w)
		}
	}
	switch verb {
	case "time":
		d, err := strconv.ParseInt(a.names[0], 10, 64)
		if err != nil {
			sc.t.Fatal(err)
		}
		sc.now += d
		return ""
	case "budget":
		sc.s.budget.Store(sc.s.logical + a.num("left", 0))
		return ""
	case "freeze":
		f, err := sc.s.Freeze()
		if err != nil {
			sc.t.Fatal(err)
		}
		sc.frozen = f
		return ""
	case "restore":
		return sc.restore()
	case "look":
		return sc.lookup(a)
	}
	return sc.command(verb, a)
}

// restore goes on from the image that was frozen, or from one made now.
func (sc *script) restore() string {
	if sc.frozen == nil {
		sc.do("freeze", nil)
	}
	var b bytes.Buffer
	if _, err := sc.frozen.WriteTo(&b); err != nil {
		sc.t.Fatal(err)
	}
	sc.frozen.Release()
	sc.frozen = nil
	other := New(sc.s.cfg)
	sc.t.Cleanup(other.Close)
	if err := other.Restore(&b); err != nil {
		sc.t.Fatal(err)
	}
	sc.s = other
	return ""
}

func (sc *script) lookup(a args) string {
	q := Query{Project: 1, Rules: testRules, Hash: sc.hash(a.names[0]), Kind: KindRedeem, Key: sc.key(a.opts["key"])}
	q.Customer = sc.customers[a.opts["customer"]]
	q.Folded, _ = testRules.AppendFolded(nil, []byte(a.names[0]))
	var l Look
	sc.s.Look(&q, &l)
	v := &l.View
	if !v.Found {
		return "nothing"
	}
	return fmt.Sprintf("found ordinal=%d version=%d disabled=%v deleted=%v used=%d/%d by-customer=%d/%d balance=%d receipt=%v",
		v.Ordinal, v.Version, v.Disabled, v.Deleted, v.Used, v.Limit, v.CustomerUses, v.PerCustomer, v.Balance, l.HasReceipt)
}

// answer prints what an answer says, leaving out what is zero.
func answer(r *Reply) string {
	var b strings.Builder
	b.WriteString(r.Outcome.String())
	if r.Replayed {
		b.WriteString(" replayed")
	}
	if s := [...]string{"", "code", "campaign", "both", "customer"}[r.Scope]; s != "" {
		b.WriteString(" scope=" + s)
	}
	for _, f := range []struct {
		name string
		v    int64
	}{
		{"seq", int64(r.Seq)}, {"uses", r.Uses}, {"balance", r.Balance}, {"applied", r.Applied}, {"version", int64(r.Version)},
		{"created", int64(r.Created)}, {"failed", int64(r.Failed)}, {"fence", int64(r.CatalogIndex)},
	} {
		if f.v != 0 {
			fmt.Fprintf(&b, " %s=%d", f.name, f.v)
		}
	}
	for _, f := range r.FailedRows {
		fmt.Fprintf(&b, " row%d=%v", f.Row, f.Outcome)
	}
	return b.String()
}
