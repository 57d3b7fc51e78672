package raftstore

import (
	"errors"
	"io"

	"github.com/hashicorp/raft"
)

// loneTransport is the raft.Transport of a group that has one voter: nobody calls
// and nobody can be called. The address is the node's id, so that a configuration
// written today stays valid when addresses are looked up by id.
//
// SetHeartbeatHandler is a no-op on purpose and must stay one in every transport
// of this package: the fast path runs appendEntries beside raft's main loop and
// can stamp an old leader's entry with the new leader's term (raft #695). There is
// no pipeline either (raft #612).
type loneTransport struct {
	id       raft.ServerAddress
	consumer chan raft.RPC // never fed
}

var (
	_ raft.Transport   = (*loneTransport)(nil)
	_ raft.WithPreVote = (*loneTransport)(nil)
)

var errNoPeers = errors.New("this node has no connections to other nodes")

func newLoneTransport(nodeID string) *loneTransport {
	return &loneTransport{id: raft.ServerAddress(nodeID), consumer: make(chan raft.RPC)}
}

func (t *loneTransport) Consumer() <-chan raft.RPC          { return t.consumer }
func (t *loneTransport) LocalAddr() raft.ServerAddress      { return t.id }
func (t *loneTransport) SetHeartbeatHandler(func(raft.RPC)) {}

func (t *loneTransport) AppendEntriesPipeline(raft.ServerID, raft.ServerAddress) (raft.AppendPipeline, error) {
	return nil, raft.ErrPipelineReplicationNotSupported
}

func (t *loneTransport) AppendEntries(raft.ServerID, raft.ServerAddress, *raft.AppendEntriesRequest, *raft.AppendEntriesResponse) error {
	return errNoPeers
}

func (t *loneTransport) RequestVote(raft.ServerID, raft.ServerAddress, *raft.RequestVoteRequest, *raft.RequestVoteResponse) error {
	return errNoPeers
}

func (t *loneTransport) RequestPreVote(raft.ServerID, raft.ServerAddress, *raft.RequestPreVoteRequest, *raft.RequestPreVoteResponse) error {
	return errNoPeers
}

func (t *loneTransport) InstallSnapshot(raft.ServerID, raft.ServerAddress, *raft.InstallSnapshotRequest, *raft.InstallSnapshotResponse, io.Reader) error {
	return errNoPeers
}

func (t *loneTransport) TimeoutNow(raft.ServerID, raft.ServerAddress, *raft.TimeoutNowRequest, *raft.TimeoutNowResponse) error {
	return errNoPeers
}

func (t *loneTransport) EncodePeer(_ raft.ServerID, a raft.ServerAddress) []byte { return []byte(a) }
func (t *loneTransport) DecodePeer(b []byte) raft.ServerAddress                  { return raft.ServerAddress(b) }
