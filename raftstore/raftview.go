package raftstore

import (
	"context"

	"github.com/hashicorp/raft"
)

// raftView is the view of a running group.
type raftView struct {
	raft *raft.Raft
	id   raft.ServerID
	prog *progress
	stop <-chan struct{}
	life *lifeline
}

func (v raftView) state() (term uint64, leads bool, commit uint64) {
	// The term before the rest: look compares it with a later one.
	term = v.raft.CurrentTerm()
	return term, v.raft.State() == raft.Leader, v.raft.CommitIndex()
}

func (v raftView) sound() error { return v.life.err() }

func (v raftView) appliedTerm() uint64 { return v.prog.term.Load() }

// others reads the latest configuration, committed or not: raft counts by it too.
func (v raftView) others() (voters []raft.ServerID, self bool) {
	for _, s := range v.raft.GetConfiguration().Configuration().Servers {
		switch {
		case s.Suffrage != raft.Voter:
		case s.ID == v.id:
			self = true
		default:
			voters = append(voters, s.ID)
		}
	}
	return voters, self
}

// probe cannot reach anybody: see loneTransport.
func (v raftView) probe(context.Context, raft.ServerID, uint64) bool { return false }

func (v raftView) wait(ctx context.Context, index uint64) error {
	return v.prog.wait(ctx, v.stop, index)
}
