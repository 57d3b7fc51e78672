package history

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// photographer takes a clone of the disk, as a power loss would leave it, before every
// operation that changes something.
type photographer struct {
	mem   *vfs.MemFS
	store func() uint64
	rng   *rand.Rand
	taken []photo
}

type photo struct {
	fs      *vfs.MemFS
	durable uint64 // what Write had promised
}

func (p *photographer) String() string { return "photographer" }

func (p *photographer) MaybeError(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() == errorfs.OpIsRead {
		return nil
	}
	for _, percent := range []int{0, 50, 100} {
		p.taken = append(p.taken, photo{p.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent,
			RNG: rand.New(rand.NewPCG(p.rng.Uint64(), 2))}), p.store()})
	}
	return nil
}

// Whatever is on the disk after a power loss opens, has everything that was promised,
// and goes on from there (H1, H2).
func TestPowerLossAtAnyPoint(t *testing.T) {
	rng := seed(t)
	j := newJournal(rng, 900)
	p := &photographer{mem: vfs.NewCrashableMem(), rng: rng}
	var s *Store
	p.store = func() uint64 {
		if s == nil {
			return 0
		}
		return s.Durable()
	}
	s = mustOpen(t, config(errorfs.Wrap(p.mem, p)))
	for upTo := uint64(300); upTo <= 900; upTo += 300 {
		if err := s.Write(upTo, j.next); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.taken) < 30 {
		t.Fatalf("%d points", len(p.taken))
	}
	for i, photo := range p.taken {
		again, err := Open(config(photo.fs))
		if err != nil {
			t.Fatalf("point %d: %v", i, err)
		}
		if again.Durable() < photo.durable {
			t.Fatalf("point %d: up to %d, promised %d", i, again.Durable(), photo.durable)
		}
		if upTo := again.Durable() + 100; upTo <= 900 {
			if err := again.Write(upTo, j.next); err != nil {
				t.Fatalf("point %d: %v", i, err)
			}
		}
		j.check(t, again)
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func contents(t testing.TB, fsys vfs.FS, name string) []byte {
	t.Helper()
	f, err := fsys.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return b
}

func put(t testing.TB, fsys vfs.FS, name string, b []byte) {
	t.Helper()
	if err := fsys.MkdirAll(fsys.PathDir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := fsys.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(bytes.Clone(b)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
