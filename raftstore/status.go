package raftstore

import (
	"github.com/cockroachdb/pebble/v2"
)

// HostStatus is what an operator sees of a host.
type HostStatus struct {
	NodeID    string
	ClusterID string
	Failed    bool // a fail-stop whose exit returned
	WALBytes  uint64
	DiskBytes uint64 // of the log Pebble
	Groups    []GroupStatus
}

// GroupStatus is what an operator sees of a group.
type GroupStatus struct {
	ID            uint32
	Name          string
	State         string // Leader, Follower, Candidate, Shutdown
	Ready         bool
	Term          uint64
	FirstIndex    uint64
	LastIndex     uint64
	CommitIndex   uint64
	Applied       uint64
	LastStamp     int64
	ActiveVersion uint32
	QueueCommands int
	QueueBytes    int
	LogBytes      int64 // applied since the newest image
	Images        []ImageInfo
}

// Status of the host and its open groups, in the order of their ids.
func (h *Host) Status() HostStatus {
	var m *pebble.Metrics = h.db.Metrics()
	s := HostStatus{
		NodeID: h.identity.NodeID, ClusterID: h.identity.ClusterID, Failed: h.life.failed.Load(),
		WALBytes: m.WAL.Size, DiskBytes: m.DiskSpaceUsage(),
	}
	for _, g := range h.members() {
		if g.status != nil {
			s.Groups = append(s.Groups, g.status())
		}
	}
	return s
}

// Status of the group.
func (g *Group[R]) Status() GroupStatus {
	first, _ := g.log.FirstIndex()
	last, _ := g.log.LastIndex()
	s := GroupStatus{
		ID: g.cfg.ID, Name: g.cfg.Name,
		State: g.raft.State().String(), Ready: g.ready.isOpen() && !g.host.life.failed.Load(), Term: g.raft.CurrentTerm(),
		FirstIndex: first, LastIndex: last, CommitIndex: g.raft.CommitIndex(),
		Applied: g.prog.applied.Load(), LastStamp: g.prog.stamp.Load(), ActiveVersion: g.prog.version.Load(),
		LogBytes: g.prog.logBytes.Load(), Images: g.images.infos(),
	}
	s.QueueCommands, s.QueueBytes = g.prop.depth()
	return s
}
