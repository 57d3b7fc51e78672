package raftstore

import (
	"errors"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
)

// stores are the storage of one group without raft.
type stores struct {
	host   *Host
	log    *logStore
	stable *stableStore
	exits  *exits
}

func openStores(t testing.TB, fs vfs.FS, group uint32) *stores {
	t.Helper()
	x := newExits()
	h, err := Open(testConfig(t, fs, x))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() }) // some tests have closed it, some have broken it
	return storesOf(t, h, x, group)
}

func storesOf(t testing.TB, h *Host, x *exits, group uint32) *stores {
	t.Helper()
	fs := h.cfg.FS
	floor, exists, err := openFloor(fs, fs.PathJoin("data", "floor", string(rune('a'+group))), group)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = floor.close() })
	if !exists {
		if err := floor.create(floorState{}); err != nil {
			t.Fatal(err)
		}
	}
	s := &stores{
		host: h, exits: x,
		log:    &logStore{group: group, db: h.db, life: h.life, watch: newStallWatch(time.Now), floor: floor, prog: new(progress), met: h.met.group("test")},
		stable: &stableStore{group: group, db: h.db, life: h.life, watch: newStallWatch(time.Now), floor: floor},
	}
	if err := errors.Join(openLogStore(s.log), openStableStore(s.stable)); err != nil {
		t.Fatal(err)
	}
	return s
}

func logs(from, to, term uint64) (out []*raft.Log) {
	for i := from; i <= to; i++ {
		out = append(out, &raft.Log{Index: i, Term: term, Type: raft.LogCommand, Data: []byte{byte(i), byte(term)}})
	}
	return out
}

func (s *stores) store(t testing.TB, from, to, term uint64) {
	t.Helper()
	if err := s.log.StoreLogs(logs(from, to, term)); err != nil {
		t.Fatal(err)
	}
}

// holds checks the ends of the log and every entry in between, from the disk.
func (s *stores) holds(t testing.TB, first, last uint64) {
	t.Helper()
	s.log.recent = [recentMax]raft.Log{}
	f, _ := s.log.FirstIndex()
	l, _ := s.log.LastIndex()
	if f != first || l != last {
		t.Fatalf("log holds %d..%d, want %d..%d", f, l, first, last)
	}
	var e raft.Log
	for i := first; i <= last && i > 0; i++ {
		if err := s.log.GetLog(i, &e); err != nil || e.Index != i || e.Data[0] != byte(i) {
			t.Fatalf("entry %d: %+v, %v", i, e, err)
		}
	}
	for _, i := range []uint64{first - 1, last + 1} {
		if err := s.log.GetLog(i, &e); err != raft.ErrLogNotFound { // raft compares with ==
			t.Fatalf("entry %d outside the log: %v", i, err)
		}
	}
}

// Without it: raft's contract (ends, sentinel, order) or the isolation of two groups
// in one Pebble (R4) could break.
func TestLogStoreKeepsGroupsApart(t *testing.T) {
	fs := vfs.NewCrashableMem()
	a := openStores(t, fs, 1)
	b := storesOf(t, a.host, a.exits, 2)
	a.holds(t, 0, 0)
	a.store(t, 1, 5, 1)
	b.store(t, 1, 3, 1)
	b.prog(2, 0)
	b.store(t, 4, 300, 2) // more than stays in memory
	a.holds(t, 1, 5)
	b.holds(t, 1, 300)
	if err := a.log.DeleteRange(4, 5); err != nil {
		t.Fatal(err)
	}
	a.holds(t, 1, 3)
	b.holds(t, 1, 300)

	// Power loss, nothing unsynced survives.
	c := openStores(t, fs.CrashClone(vfs.CrashCloneCfg{}), 1)
	c.holds(t, 1, 3)
	storesOf(t, c.host, c.exits, 2).holds(t, 1, 300)
}

// prog pretends that the machine and an image have come this far.
func (s *stores) prog(applied, image uint64) {
	s.log.prog.applied.Store(applied)
	s.log.prog.image.Store(image)
}

// Without it: a gap or an overwrite would be stored and met much later, as entries
// that nobody can find or that differ between nodes.
func TestLogStoreRefusesWhatDoesNotFollow(t *testing.T) {
	try := func(from, to uint64) {
		t.Helper()
		s := openStores(t, vfs.NewMem(), 1)
		s.store(t, 1, 3, 1)
		halts(t, s.exits, func() { _ = s.log.StoreLogs(logs(from, to, 2)) })
	}
	try(5, 5) // a gap
	try(3, 4) // over what is there
	s := openStores(t, vfs.NewMem(), 1)
	halts(t, s.exits, func() { _ = s.log.StoreLogs(logs(2, 2, 1)) }) // an empty log begins behind its image
	s = openStores(t, vfs.NewMem(), 1)
	s.prog(9, 9)
	s.store(t, 10, 11, 3)
}

// Without it: a late InstallSnapshot makes raft delete acknowledged entries, and
// with them the only copy (R10).
func TestDeleteRangeGuards(t *testing.T) {
	try := func(applied, image, from, to uint64) {
		t.Helper()
		s := openStores(t, vfs.NewMem(), 1)
		s.store(t, 1, 10, 1)
		s.prog(applied, image)
		halts(t, s.exits, func() { _ = s.log.DeleteRange(from, to) })
	}
	try(10, 0, 1, 10) // whole, no image
	try(10, 5, 1, 10) // whole, applied entries above the image
	try(10, 5, 9, 10) // applied suffix
	try(0, 0, 1, 10)  // whole without an image, even unapplied
	try(3, 0, 4, 6)   // a hole
	ok := func(applied, image, from, to, first, last uint64) {
		t.Helper()
		s := openStores(t, vfs.NewMem(), 1)
		s.store(t, 1, 10, 1)
		s.prog(applied, image)
		if err := s.log.DeleteRange(from, to); err != nil {
			t.Fatal(err)
		}
		s.holds(t, first, last)
	}
	ok(5, 0, 6, 10, 1, 5)    // a conflict
	ok(10, 10, 1, 10, 0, 0)  // the whole log below a durable image
	ok(10, 0, 11, 20, 1, 10) // nothing there
}

// Without it: truncating behind an image could reach too far, or take the last entry.
func TestTruncatePrefixStaysBelowTheImage(t *testing.T) {
	s := openStores(t, vfs.NewMem(), 1)
	s.store(t, 1, 10, 1)
	s.prog(10, 4)
	for _, c := range []struct{ to, first uint64 }{{7, 5}, {4, 5}} {
		if err := s.log.truncatePrefix(c.to); err != nil {
			t.Fatal(err)
		}
		s.holds(t, c.first, 10)
	}
	s.prog(10, 10)
	if err := s.log.truncatePrefix(10); err != nil {
		t.Fatal(err)
	}
	s.holds(t, 5, 10)
}

// Without it: bit rot in the log could be applied, or read as a shorter log.
func TestFlippedBitInTheLogIsRefused(t *testing.T) {
	s := openStores(t, vfs.NewMem(), 1)
	s.store(t, 1, 3, 1)
	key := makeKey(1, kindLog, 2)
	v, closer, err := s.host.db.Get(key)
	if err != nil {
		t.Fatal(err)
	}
	good := append([]byte{}, v...)
	if err := closer.Close(); err != nil {
		t.Fatal(err)
	}
	for bit := range 8 * len(good) {
		bad := append([]byte{}, good...)
		bad[bit/8] ^= 1 << (bit % 8)
		if err := verifyLog(key, bad); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("bit %d: %v", bit, err)
		}
	}
	if err := verifyLog(makeKey(1, kindLog, 3), good); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("under another index: %v", err)
	}
	good[len(good)-1] ^= 1
	if err := s.host.db.Set(key, good, pebble.Sync); err != nil {
		t.Fatal(err)
	}
	s.log.recent = [recentMax]raft.Log{}
	if err := s.log.GetLog(2, new(raft.Log)); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("before raft runs: %v", err)
	}
	again := &logStore{group: 1, db: s.host.db}
	if err := openLogStore(again); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("at the next start: %v", err)
	}
	s.log.running.Store(true)
	halts(t, s.exits, func() { _ = s.log.GetLog(2, new(raft.Log)) })
}

// Without it: a missing value's error text makes raft refuse to start (it compares
// with "not found").
func TestStableStoreReadsNothingAsZero(t *testing.T) {
	s := openStores(t, vfs.NewMem(), 1).stable
	term, err1 := s.GetUint64([]byte(stableTerm))
	vote, err2 := s.GetUint64([]byte(stableVoteTerm))
	cand, err3 := s.Get([]byte(stableVoteCandidate))
	if err := errors.Join(err1, err2, err3); err != nil || term != 0 || vote != 0 || cand != nil {
		t.Fatalf("%d %d %q %v", term, vote, cand, err)
	}
}

// Without it: a crash between raft's two writes of a vote leaves the new term with
// the old candidate, who is then granted it without a look at the log (raft #661).
func TestVoteIsOneWrite(t *testing.T) {
	fs := vfs.NewCrashableMem()
	s := openStores(t, fs, 1).stable
	vote := func(term uint64, who string) {
		t.Helper()
		if err := errors.Join(s.SetUint64([]byte(stableTerm), term), s.SetUint64([]byte(stableVoteTerm), term)); err != nil {
			t.Fatal(err)
		}
		if got, _ := s.GetUint64([]byte(stableVoteTerm)); got != term {
			t.Fatalf("staged vote term reads %d", got)
		}
		if got, _ := s.Get([]byte(stableVoteCandidate)); got != nil {
			t.Fatalf("staged vote has candidate %q", got)
		}
		if who == "" {
			return // crash here
		}
		if err := s.Set([]byte(stableVoteCandidate), []byte(who)); err != nil {
			t.Fatal(err)
		}
	}
	after := func() (uint64, uint64, string) {
		c := openStores(t, fs.CrashClone(vfs.CrashCloneCfg{}), 1).stable
		return c.term, c.voteTerm, string(c.candidate)
	}
	vote(3, "anna")
	if term, v, who := after(); term != 3 || v != 3 || who != "anna" {
		t.Fatalf("after a vote: term %d, vote %d for %q", term, v, who)
	}
	vote(4, "")
	if term, v, who := after(); term != 4 || v != 3 || who != "anna" {
		t.Fatalf("crash between the two: term %d, vote %d for %q", term, v, who)
	}
}

// Without it: a library that changes its sequence of calls would vote twice unseen.
func TestStableStoreRefusesOtherSequences(t *testing.T) {
	term, voteTerm, cand := []byte(stableTerm), []byte(stableVoteTerm), []byte(stableVoteCandidate)
	try := func(last func(*stableStore), before ...func(*stableStore) error) {
		t.Helper()
		s := openStores(t, vfs.NewMem(), 1)
		for _, f := range before {
			if err := f(s.stable); err != nil {
				t.Fatal(err)
			}
		}
		halts(t, s.exits, func() { last(s.stable) })
	}
	setTerm := func(v uint64) func(*stableStore) error {
		return func(s *stableStore) error { return s.SetUint64(term, v) }
	}
	stage := func(v uint64) func(*stableStore) error {
		return func(s *stableStore) error { return s.SetUint64(voteTerm, v) }
	}
	choose := func(who string) func(*stableStore) error {
		return func(s *stableStore) error { return s.Set(cand, []byte(who)) }
	}
	run := func(f func(*stableStore) error) func(*stableStore) { return func(s *stableStore) { _ = f(s) } }
	try(run(choose("anna")))                                                // candidate without a term
	try(run(stage(3)), stage(2))                                            // two terms
	try(run(setTerm(3)), stage(2))                                          // something in between
	try(run(setTerm(2)), setTerm(3))                                        // back
	try(run(stage(2)), stage(3), choose("anna"))                            // a vote back
	try(run(choose("bert")), stage(3), choose("anna"), stage(3))            // twice in a term
	try(func(s *stableStore) { _ = s.SetUint64([]byte("Other"), 1) })       // unknown
	try(func(s *stableStore) { _ = s.Set([]byte("Other"), nil) }, stage(1)) // unknown
	s := openStores(t, vfs.NewMem(), 1).stable
	for _, f := range []func(*stableStore) error{stage(3), choose("anna"), stage(3), choose("anna"), setTerm(3), setTerm(3)} {
		if err := f(s); err != nil { // granting the same vote again is allowed
			t.Fatal(err)
		}
	}
}

// Without it: a log whose prefix iteration runs into other kinds or groups.
func TestKeysSortAsWritten(t *testing.T) {
	lower, upper := logBounds(1)
	inside := func(k []byte) bool { return string(lower) <= string(k) && string(k) < string(upper) }
	for _, c := range []struct {
		key  []byte
		want bool
	}{
		{makeKey(1, kindLog, 0), true}, {makeKey(1, kindLog, 1<<63), true},
		{makeKey(1, kindVote, 9), false}, {makeKey(0, kindLog, 9), false}, {makeKey(2, kindLog, 0), false},
	} {
		if inside(c.key) != c.want {
			t.Errorf("key %x inside: %v, want %v", c.key, !c.want, c.want)
		}
	}
}
