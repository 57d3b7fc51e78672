package engine

import (
	"io"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/raftstore"
	"github.com/scrip-engine/scrip/shard"
)

// The two machines and the log do not know each other; here they are introduced.

// lawMachine is a shard behind the log's contract. After each entry it tells who
// reads the journal.
type lawMachine struct {
	s      *shard.Shard
	notify func()
}

var _ raftstore.Machine[shard.Reply] = (*lawMachine)(nil)

func (m *lawMachine) Apply(e *raftstore.Entry, replies []shard.Reply) error {
	err := m.s.Apply(e.Stamp, e.Commands, replies)
	m.notify()
	return err
}

func (m *lawMachine) Freeze() (raftstore.Frozen, error) { return m.s.Freeze() }
func (m *lawMachine) Restore(r io.Reader) error         { return m.s.Restore(r) }

// catalogMachine is the catalog behind the log's contract.
type catalogMachine struct {
	c      *catalog.Catalog
	notify func()
}

var _ raftstore.Machine[catalog.Reply] = (*catalogMachine)(nil)

func (m *catalogMachine) Apply(e *raftstore.Entry, replies []catalog.Reply) error {
	err := m.c.Apply(e.Index, e.Stamp, e.Version, e.Commands, replies)
	m.notify()
	return err
}

func (m *catalogMachine) Freeze() (raftstore.Frozen, error) { return m.c.Freeze() }
func (m *catalogMachine) Restore(r io.Reader) error         { return m.c.Restore(r) }
