package refusals

import (
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/scrip-engine/scrip/wire"
)

// Without this a crash takes more than the last interval, counts a flush twice,
// or does not say that something is missing.
func TestACrashTakesOneInterval(t *testing.T) {
	rng := seeded(t)
	b := newBook(t)
	var saved, noted uint64
	crashes := int64(0)
	for range 300 {
		n := rng.IntN(5)
		b.note(uint32(rng.IntN(3)), n)
		noted += uint64(n)
		b.clock.Advance(time.Duration(rng.IntN(50_000)) * time.Millisecond)
		switch rng.IntN(10) {
		default:
			b.save()
			saved = noted
		case 0:
			b.store.mu.Lock()
			err := b.store.sealLocked(b.clock.UnixMilli())
			b.store.mu.Unlock()
			if err != nil {
				t.Fatal(err)
			}
		case 1:
			b.close()
			b.Recorder, saved = openBook(t, b.fs, b.clock).Recorder, noted
		case 2:
			old := b.Recorder
			b.fs = b.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
			b.Recorder = openBook(t, b.fs, b.clock).Recorder
			if err := old.Close(); err != nil {
				t.Fatal(err)
			}
			crashes++
			noted = b.counts(CountQuery{}).Total
			saved = max(saved, noted)
		}
		c := b.counts(CountQuery{})
		if c.Total != noted || c.Total < saved || c.MayMissSeconds != crashes*flushSeconds {
			t.Fatalf("counted %d of %d, saved %d; may miss %d s after %d crashes", c.Total, noted, saved, c.MayMissSeconds, crashes)
		}
	}
	if later := b.counts(CountQuery{From: b.clock.UnixMilli() + 2*minuteMillis}); later.MayMissSeconds != 0 {
		t.Errorf("a crash takes from the future: %+v", later)
	}
	b.close()
}

// Without this a disk that fails for a while costs counters for ever, or a write
// that half happened is counted twice.
func TestAFailingDiskIsMadeGood(t *testing.T) {
	rng := seeded(t)
	b := newBook(t)
	fails := false
	broken := errorfs.InjectorFunc(func(op errorfs.Op) error {
		if fails && op.Kind.ReadOrWrite() == errorfs.OpIsWrite && rng.IntN(3) == 0 {
			return errors.New("injected")
		}
		return nil
	})
	b.store.mu.Lock()
	b.store.abandonLocked()
	b.store.fs = errorfs.Wrap(b.fs, broken)
	b.store.mu.Unlock()
	failures := 0
	for i := range 300 {
		fails = i < 290
		b.note(uint32(rng.IntN(3)), 1)
		b.clock.Advance(10 * time.Minute)
		if err := b.store.flush(b.clock.UnixMilli()); err != nil {
			failures++
			if !fails {
				t.Fatal(err)
			}
		}
		if c := b.counts(CountQuery{}); c.Total != uint64(i+1) {
			t.Fatalf("counted %d of %d", c.Total, i+1)
		}
	}
	if failures == 0 {
		t.Fatal("nothing failed")
	}
	b.close()
	b.Recorder = openBook(t, b.fs, b.clock).Recorder
	if c := b.counts(CountQuery{}); c.Total != 300 || c.MayMissSeconds != 0 {
		t.Errorf("after the restart: %+v", c)
	}
	b.close()
}

// Without this a node whose disk is full cannot start, and so not even refuse.
func TestAFullDiskDoesNotKeepANodeFromStarting(t *testing.T) {
	b := newBook(t)
	b.note(1, 2)
	b.close()
	fails := true
	full := errorfs.Wrap(b.fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if fails && op.Kind.ReadOrWrite() == errorfs.OpIsWrite && op.Kind != errorfs.OpMkdirAll {
			return errors.New("no space")
		}
		return nil
	}))
	b.Recorder = openBook(t, b.fs, b.clock, func(c *Config) { c.FS = full }).Recorder
	b.note(1, 3)
	if err := b.store.flush(epoch); err == nil || b.counts(CountQuery{}).Total != 5 {
		t.Errorf("flushed: %v, counted %d", err, b.counts(CountQuery{}).Total)
	}
	fails = false
	b.close()
	b.Recorder = openBook(t, b.fs, b.clock).Recorder
	if c := b.counts(CountQuery{}); c.Total != 5 || c.MayMissSeconds != 0 {
		t.Errorf("%+v", c)
	}
	b.close()
}

// Without this the files grow for ever, or what is left claims to be complete.
func TestRetention(t *testing.T) {
	b := newBook(t)
	for range 3 * RetentionDays {
		b.note(1, 1)
		b.clock.Advance(24 * time.Hour)
		b.save()
	}
	c := b.counts(CountQuery{StepMinutes: 24 * 60})
	if c.Total != RetentionDays || len(c.Rows) != RetentionDays || c.Rows[0].Time < c.Since-24*3600_000 {
		t.Errorf("%d in %d rows since %d: %+v", c.Total, len(c.Rows), c.Since, c.Rows[0])
	}
	if names, err := b.fs.List("refusals"); err != nil || len(names) > RetentionDays+3 {
		t.Errorf("%d files: %v", len(names), err)
	}

	// The bound in bytes: a sealed file that claims to be large pushes out the
	// oldest, and Since says so, also after a crash.
	b.store.mu.Lock()
	first := b.store.sealed[0]
	b.store.sealed[len(b.store.sealed)-1].bytes = diskBytesMax - 100
	b.store.mu.Unlock()
	b.save()
	since := b.counts(CountQuery{}).Since
	if since <= int64(first.max)*minuteMillis {
		t.Errorf("since %d, but minute %d was removed", since, first.max)
	}
	b.clock.Advance(time.Minute)
	clone := openBook(t, b.fs.CrashClone(vfs.CrashCloneCfg{}), b.clock)
	if got := clone.counts(CountQuery{}).Since; got < since {
		t.Errorf("after a crash since %d, before it %d", got, since)
	}
	clone.close()
	b.close()
}

// Without this one bad block takes all counters, or the process at its start.
func TestADamagedFileIsKeptAsFarAsItReads(t *testing.T) {
	rng := seeded(t)
	for range 40 {
		b := newBook(t)
		for range 3 {
			b.note(1, 1)
			b.clock.Advance(25 * time.Hour)
			b.save()
		}
		b.close()
		names, err := b.fs.List("refusals")
		if err != nil || len(names) < 2 {
			t.Fatalf("%v: %v", names, err)
		}
		name := b.fs.PathJoin("refusals", names[rng.IntN(len(names))])
		spoil(t, b.fs, name, func(body []byte) []byte {
			body[rng.IntN(len(body))] ^= 1 << rng.IntN(8)
			return body
		})
		b.Recorder = openBook(t, b.fs, b.clock).Recorder
		c := b.counts(CountQuery{})
		if c.Total > 3 || c.MayMissSeconds == 0 {
			t.Errorf("%s: %+v", name, c)
		}
		b.close()
		b.Recorder = openBook(t, b.fs, b.clock).Recorder // the damage is told once
		if again := b.counts(CountQuery{}); again.Total != c.Total || again.MayMissSeconds != c.MayMissSeconds {
			t.Errorf("%s: at first %+v, then %+v", name, c, again)
		}
		b.close()
	}
}

func spoil(t *testing.T, fs vfs.FS, name string, change func([]byte) []byte) {
	t.Helper()
	body, err := readFile(fs, name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := fs.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(change(body)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// Without this a file that was cut or made up crashes the start, or what was
// written cannot be read back.
func FuzzDecodeSegment(f *testing.F) {
	n := newNames()
	m := cells{newCell(30_000_000, 1, 2, n.number(wire.KeyNotFound), Redemption): 5, newCell(30_000_001, 1, 0, 0, Validation): 1 << 40}
	whole := appendCounts(appendHead(nil, epoch, &head{floor: 9, min: 1, max: 2, gaps: []Gap{{1, 2, 3}}}), epoch, m, n)
	whole = appendBlock(whole, kindClosed, epoch+1, nil)
	f.Add(whole)
	f.Add(whole[:len(whole)-3])
	f.Add([]byte{})
	f.Add(binary.LittleEndian.AppendUint32(nil, 1<<31))
	f.Fuzz(func(t *testing.T, b []byte) {
		// A checksum that fits lets the fuzzer through to what lies behind it.
		if len(b) > blockHeadBytes {
			b = append([]byte(nil), b...)
			b = appendBlockAsIs(b)
		}
		names, found := newNames(), cells{}
		s := &store{names: names}
		c := decodeSegment(b, s.into(found))
		again := cells{}
		d := decodeSegment(appendCounts(appendHead(nil, c.stamp, &c.head), c.stamp, found, names), s.into(again))
		if !d.whole || len(again) != len(found) {
			t.Fatalf("%d counters read, %d after they were written: %+v", len(found), len(again), d)
		}
		for name, n := range found {
			if again[name] != n {
				t.Fatalf("%v: %d, then %d", name, n, again[name])
			}
		}
	})
}

// appendBlockAsIs appends everything once more as the payload of a block.
func appendBlockAsIs(b []byte) []byte {
	payload := b[blockHeadBytes:]
	if len(payload) < 2 {
		return b
	}
	stamp := reader{b: payload[2:]}
	at := stamp.varint()
	if stamp.bad {
		return b
	}
	return appendBlock(b, blockKind(payload[1]), at, func(dst []byte) []byte { return append(dst, stamp.b...) })
}
