package views

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/scrip-engine/scrip/coupon"
)

// seeded is chance from SCRIP_SEED, or from a new seed that the test prints.
func seeded(t testing.TB) seededChance {
	seed := rand.Uint64()
	if text := os.Getenv("SCRIP_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("SCRIP_SEED=%d", seed)
	return seededChance{rand.New(rand.NewPCG(seed, 1))}
}

type seededChance struct{ r *rand.Rand }

func (s seededChance) Intn(n int) int { return s.r.IntN(n) }

// content is the digestible whole of a closed view.
func content(t testing.TB, fs vfs.FS) []byte {
	db, err := pebble.Open("views/db", &pebble.Options{FS: fs, Logger: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	it, err := db.NewIter(nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for ok := it.First(); ok; ok = it.Next() {
		all = binary.AppendUvarint(all, uint64(len(it.Key())))
		all = append(all, it.Key()...)
		all = binary.AppendUvarint(all, uint64(len(it.Value())))
		all = append(all, it.Value()...)
	}
	if err := errors.Join(it.Error(), it.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	return all
}

type silent struct{}

func (silent) Infof(string, ...any)         {}
func (silent) Errorf(string, ...any)        {}
func (silent) Fatalf(f string, args ...any) { panic(f) }

// rebuilt is the content of a view that was built from nothing, in one go.
func rebuilt(t testing.TB, w *world) []byte {
	fs := vfs.NewMem()
	v := open(t, fs, w)
	catchUp(t, v, w)
	closeViews(t, v)
	return content(t, fs)
}

func closeViews(t testing.TB, v *Views) {
	t.Helper()
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
}

// Without this a view could depend on when it looked (V1): then two nodes show two
// numbers, and "delete it and see" is no remedy.
func TestRebuiltViewHasTheSameBytes(t *testing.T) {
	w := newWorld(t, 3, seeded(t))
	defer w.close()
	fs := vfs.NewMem()
	v := open(t, fs, w)
	for i := range 1500 {
		w.act()
		v.Notify(i % 3)
		if i%97 == 0 {
			catchUp(t, v, w)
		}
		if i%400 == 0 { // a clean restart in between
			closeViews(t, v)
			v = open(t, fs, w)
		}
	}
	catchUp(t, v, w)
	closeViews(t, v)
	live := content(t, fs)
	if again := rebuilt(t, w); !bytes.Equal(live, again) {
		t.Fatalf("%d bytes while following, %d when rebuilt", len(live), len(again))
	}
}

// Without this a power loss could leave half a record in a view (V2): a total that
// is one off, for ever.
func TestCrashedViewCatchesUpToTheSameBytes(t *testing.T) {
	c := seeded(t)
	w := newWorld(t, 2, c)
	defer w.close()
	fs := vfs.NewCrashableMem()
	v := open(t, fs, w)
	var clones []*vfs.MemFS
	for i := range 1200 {
		w.act()
		v.Notify(i % 2)
		if c.Intn(120) == 0 {
			clones = append(clones, fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: c.Intn(101), RNG: c.r}))
		}
	}
	catchUp(t, v, w)
	closeViews(t, v)
	if len(clones) == 0 {
		t.Fatal("no crash was tried")
	}
	want := rebuilt(t, w)
	for i, clone := range clones {
		v := open(t, clone, w)
		if n := v.rebuilds.Load(); n != 0 {
			t.Errorf("crash %d: the view was thrown away", i)
		}
		catchUp(t, v, w)
		closeViews(t, v)
		if !bytes.Equal(content(t, clone), want) {
			t.Errorf("crash %d: other bytes than a rebuilt view", i)
		}
	}
}

// Without this one flipped bit in a file that can be rebuilt keeps a node from
// starting, or worse, is served (V6).
func TestDamagedOrForeignDirectoryIsBuiltAgain(t *testing.T) {
	w := newWorld(t, 2, seeded(t))
	defer w.close()
	for range 600 {
		w.act()
	}
	want := rebuilt(t, w)
	f := func(what string, harm func(fs vfs.FS)) {
		t.Helper()
		fs := vfs.NewMem()
		v := open(t, fs, w)
		catchUp(t, v, w)
		if err := v.db.Flush(); err != nil {
			t.Fatal(err)
		}
		closeViews(t, v)
		harm(fs)
		v = open(t, fs, w)
		defer closeViews(t, v)
		catchUp(t, v, w)
		if v.rebuilds.Load() != 1 {
			t.Errorf("%s: rebuilt %d times", what, v.rebuilds.Load())
		}
		page, err := v.Codes(CodeQuery{Project: 1, Limit: 5})
		if err != nil || len(page.Codes) == 0 {
			t.Errorf("%s: %d codes, %v", what, len(page.Codes), err)
		}
		closeViews(t, v)
		if !bytes.Equal(content(t, fs), want) {
			t.Errorf("%s: other bytes than a rebuilt view", what)
		}
	}
	f("newer format", func(fs vfs.FS) {
		setRaw(t, fs, metaKey(), []byte{formatVersion + 1, 2})
	})
	f("other number of shards", func(fs vfs.FS) {
		setRaw(t, fs, metaKey(), []byte{formatVersion, 3})
	})
	f("no watermark can be read", func(fs vfs.FS) {
		setRaw(t, fs, watermarkKey(0), []byte{0x80})
	})
	f("manifest gone", func(fs vfs.FS) { harmFiles(t, fs, "MANIFEST", func(b []byte) []byte { return nil }) })
	f("tables overwritten", func(fs vfs.FS) {
		harmFiles(t, fs, "0", func(b []byte) []byte {
			for i := range b {
				b[i] ^= 0x55
			}
			return b
		})
	})
}

func setRaw(t testing.TB, fs vfs.FS, key, value []byte) {
	db, err := pebble.Open("views/db", &pebble.Options{FS: fs, Logger: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Set(key, value, nil), db.Close()); err != nil {
		t.Fatal(err)
	}
}

// harmFiles rewrites every file of the store whose name begins so.
func harmFiles(t testing.TB, fs vfs.FS, prefix string, harm func([]byte) []byte) {
	names, err := fs.List("views/db")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if len(name) < len(prefix) || name[:len(prefix)] != prefix {
			continue
		}
		path := fs.PathJoin("views/db", name)
		r, err := fs.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close(), fs.Remove(path)); err != nil {
			t.Fatal(err)
		}
		if b = harm(b); b == nil {
			continue
		}
		f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Write(b)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// Without this damage that shows only while a node runs is served until the next
// restart.
func TestDamageFoundByAQuestionIsRepairedInPlace(t *testing.T) {
	w := newWorld(t, 1, seeded(t))
	defer w.close()
	fs := vfs.NewMem()
	v := open(t, fs, w)
	defer closeViews(t, v)
	w.importInto(0, 1, 10)
	catchUp(t, v, w)
	head := append(appendList(nil, 0, projectScope(2), classCodes), partHead)
	if err := v.db.Set(head, []byte{0x80}, pebble.NoSync); err != nil {
		t.Fatal(err)
	}
	f := v.followers[0]
	f.mu.Lock()
	changed := f.changed
	f.mu.Unlock()
	if _, err := v.Codes(CodeQuery{Project: 2}); !errors.Is(err, ErrNotReady) {
		t.Fatalf("a damaged list was answered: %v", err)
	}
	<-changed
	catchUp(t, v, w)
	if page, err := v.Codes(CodeQuery{Project: 2}); err != nil || page.Total != 10 {
		t.Fatalf("after the repair: %d codes, %v", page.Total, err)
	}
}

// Without this a view of a history that an operator's restore took back goes on as
// if nothing had happened.
func TestViewOfAnotherHistoryIsBuiltAgain(t *testing.T) {
	before := newWorld(t, 1, seeded(t))
	defer before.close()
	for range 300 {
		before.act()
	}
	fs := vfs.NewMem()
	v := open(t, fs, before)
	last := catchUp(t, v, before)[0]
	closeViews(t, v)

	after := newWorld(t, 1, before.c)
	defer after.close()
	after.now += 5
	v = open(t, fs, after)
	defer closeViews(t, v)
	if _, err := v.Codes(CodeQuery{Project: 1}); !errors.Is(err, ErrNotReady) {
		t.Fatalf("a shard that is behind its view was answered for: %v", err)
	}
	for after.shards[0].LastSeq() < last+10 {
		after.act()
	}
	catchUp(t, v, after)
	if n := v.rebuilds.Load(); n != 1 {
		t.Fatalf("rebuilt %d times", n)
	}
	closeViews(t, v)
	if !bytes.Equal(content(t, fs), rebuilt(t, after)) {
		t.Fatal("other bytes than a view of the new history")
	}
}

// Without this a replayed log would cost a rebuild at every start.
func TestViewWaitsForAShardThatReplays(t *testing.T) {
	w := newWorld(t, 1, seeded(t))
	defer w.close()
	for range 200 {
		w.act()
	}
	late := &replaying{Source: w.shards[0]}
	fs := vfs.NewMem()
	v := open(t, fs, w)
	last := catchUp(t, v, w)[0]
	closeViews(t, v)

	late.last.Store(last / 2)
	v, err := Open(Config{FS: fs, Dir: "views", Sources: []Source{late}})
	if err != nil {
		t.Fatal(err)
	}
	defer closeViews(t, v)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := v.WaitFor(ctx, 0, 1); !errors.Is(err, context.Canceled) {
		t.Fatalf("WaitFor before the replay: %v", err)
	}
	late.last.Store(last)
	v.Notify(0)
	if err := v.WaitFor(context.Background(), 0, last); err != nil || v.rebuilds.Load() != 0 {
		t.Fatalf("after the replay: %v, %d rebuilds", err, v.rebuilds.Load())
	}
}

// replaying is a shard whose journal is not all there yet.
type replaying struct {
	Source
	last atomic.Uint64
}

func (r *replaying) LastSeq() uint64 { return r.last.Load() }

func TestOpenAndClose(t *testing.T) {
	w := newWorld(t, 1, seeded(t))
	defer w.close()
	if _, err := Open(Config{}); err == nil {
		t.Error("opened without anything")
	}
	fs, reg := vfs.NewMem(), prometheus.NewRegistry()
	cfg := Config{FS: fs, Dir: "views", Sources: w.sources(), Registerer: reg}
	v, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{FS: fs, Dir: "views", Sources: w.sources()}); err == nil {
		t.Error("opened twice")
	}
	catchUp(t, v, w)
	got, err := reg.Gather()
	if err != nil || len(got) != 5 {
		t.Errorf("%d metrics, %v", len(got), err)
	}
	if n := testing.AllocsPerRun(100, func() { v.Notify(0) }); n != 0 {
		t.Errorf("Notify allocates %v times", n)
	}
	waited := make(chan error)
	go func() { waited <- v.WaitFor(context.Background(), 0, 1<<40) }()
	closeViews(t, v)
	closeViews(t, v)
	if err := <-waited; !errors.Is(err, ErrClosed) {
		t.Errorf("WaitFor at Close: %v", err)
	}
	if _, _, err := v.ProjectCounts(1); !errors.Is(err, ErrClosed) {
		t.Errorf("question after Close: %v", err)
	}
	if v, err = Open(cfg); err != nil {
		t.Fatal(err) // the directory and the metrics are free again
	}
	closeViews(t, v)
}

// Without this one write of an ended campaign holds all codes that it gave to
// customers (P10), or forgets some of them.
func TestEndOfALargeCampaignInSteps(t *testing.T) {
	w := newWorld(t, 1, seeded(t))
	defer w.close()
	fs := vfs.NewMem()
	v := open(t, fs, w)
	const n = 2*endStep + 100
	for range n / 100 {
		w.importInto(0, 1, 99) // and one standalone in between, so that the project's list has other runs
		w.create()
	}
	for len(w.customers) == 0 || w.projectOf[w.customers[0]] != 2 {
		w.customers = nil
		w.customer()
	}
	holder := w.customers[0]
	held := 0
	for i := range w.codes {
		held += w.hold(i, holder)
	}
	if held <= endStep {
		t.Fatalf("only %d codes are held", held)
	}
	w.endCampaign(1)
	last := catchUp(t, v, w)
	oracle := newNaive(w, last)
	for _, q := range []CodeQuery{{Project: 2, Campaign: 1}, {Project: 2}, {Project: 2, Holder: holder}} {
		page, err := v.Codes(q)
		if want := len(oracle.listCodes(q)); err != nil || page.Total != int64(want) {
			t.Errorf("%+v: %d codes, %v, want %d", q, page.Total, err, want)
		}
	}
	campaign := uint32(1)
	if got, _, err := v.CampaignCounts(2, 1); err != nil || got != oracle.counts(2, &campaign, coupon.ID{}) {
		t.Errorf("%+v, %v", got, err)
	}
	closeViews(t, v)
	if !bytes.Equal(content(t, fs), rebuilt(t, w)) {
		t.Error("other bytes than a rebuilt view")
	}
}
