package raftstore

import (
	"log/slog"
	"testing"

	"github.com/hashicorp/raft"
)

func newFSM(t *testing.T, x *exits) (*fsm[uint32], *ledger) {
	t.Helper()
	m, err := newMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	l, prog, met := newLedger(), new(progress), m.group("test")
	cfg, err := testGroup.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	return &fsm[uint32]{
		group: 7, machine: l, prog: prog, prop: newProposer[uint32](cfg, prog, met), met: met,
		life: newLifeline(slog.New(slog.DiscardHandler), x.exit), supported: 2,
		keepVersion: func(uint32) error { return nil }, appliedTerm: func(uint64) {}, imageDue: func() {},
	}, l
}

func command(index uint64, data []byte) *raft.Log {
	return &raft.Log{Index: index, Term: 1, Type: raft.LogCommand, Data: data}
}

// Without it: an entry that raft hands out again, behind an image, would count twice
// (P2), or configurations and gaps would stop the index.
func TestFSMSkipsWhatTheMachineHolds(t *testing.T) {
	x := newExits()
	f, l := newFSM(t, x)
	entries := []*raft.Log{
		command(3, appendCommands(nil, 50, 1, [][]byte{id(1)})),
		{Index: 4, Term: 1, Type: raft.LogConfiguration},
		command(7, appendCommands(nil, 40, 2, [][]byte{id(2), id(3)})), // 5 and 6 were no-ops; the clock stepped back
	}
	for range 2 {
		if answers := f.ApplyBatch(entries); len(answers) != len(entries) {
			t.Fatalf("%d answers for %d entries", len(answers), len(entries))
		}
	}
	if l.count(1) != 1 || l.count(2) != 1 || l.entries != 2 || f.prog.applied.Load() != 7 {
		t.Fatalf("applied %d, %d entries, %v", f.prog.applied.Load(), l.entries, l.counts)
	}
	if f.prog.stamp.Load() != 50 {
		t.Fatalf("replicated time went back to %d (P9)", f.prog.stamp.Load())
	}
	if x.happened() {
		t.Fatal(x.reason)
	}
}

// Without it: what cannot be understood would be skipped, or what follows it applied
// (R6).
func TestFSMStopsAtWhatItDoesNotUnderstand(t *testing.T) {
	good := appendCommands(nil, 1, 1, [][]byte{id(9)})
	torn := append([]byte{}, good...)
	torn[len(torn)-1] ^= 1
	for name, bad := range map[string][]byte{
		"empty":         {},
		"torn":          torn,
		"version":       appendControl(nil, entryRaiseVersion, 1, 3),
		"first version": appendControl(nil, entryTermStart, 1, 3),
	} {
		x := newExits()
		f, l := newFSM(t, x)
		f.ApplyBatch([]*raft.Log{command(2, bad), command(3, good)})
		if !x.happened() || x.code != ExitFailStop || l.size() != 0 || f.prog.applied.Load() != 0 {
			t.Errorf("%s: exit %v, %d ids, applied %d", name, x.happened(), l.size(), f.prog.applied.Load())
		}
	}
}
