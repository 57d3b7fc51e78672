package raftstore

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
)

// Without it: an error could be in both families or in none (P5).
func TestEveryErrorHasOneFamily(t *testing.T) {
	family := func(err error, unknown bool) {
		t.Helper()
		if IsUnknown(err) != unknown || IsNotProposed(err) == unknown {
			t.Errorf("%v: unknown %v, not proposed %v", err, IsUnknown(err), IsNotProposed(err))
		}
	}
	for _, err := range []error{ErrNotLeader, ErrQueueFull, ErrTooLarge, ErrClosed, ErrClockJump, ErrWithdrawn, ErrVersionNotSupported} {
		family(err, false)
		family(fmt.Errorf("wrapped: %w", err), false)
	}
	for _, err := range []error{raft.ErrNotLeader, raft.ErrLeadershipTransferInProgress, raft.ErrEnqueueTimeout} {
		family(classify(err), false)
	}
	for _, err := range []error{
		raft.ErrLeadershipLost, raft.ErrRaftShutdown, raft.ErrAbortedByRestore, raft.ErrNotVoter, raft.ErrLeader,
		raft.ErrNothingNewToSnapshot, raft.ErrUnsupportedProtocol, raft.ErrCantBootstrap, raft.ErrIncompatibleLogStore,
		errors.New("a log store's own error"),
	} {
		family(classify(err), true)
		if !errors.Is(classify(err), err) {
			t.Errorf("%v is lost in %v", err, classify(err))
		}
	}
	if classify(nil) != nil {
		t.Error("success has an error")
	}
}

// Without it: the library could begin to answer ErrNotLeader or ErrEnqueueTimeout
// after it has stored the entry, and "not proposed" would be a lie (R2).
func TestRaftErrorsThatMeanNotProposedStoreNothing(t *testing.T) {
	s := openStores(t, vfs.NewMem(), 1)
	cfg := raft.DefaultConfig()
	cfg.LocalID = "node"
	cfg.HeartbeatTimeout, cfg.ElectionTimeout = time.Hour, time.Hour // stays a follower
	cfg.Logger = newRaftLogger(s.host.cfg.Logger)
	images := &imageStore{fs: s.host.cfg.FS, dir: "data/images/1", group: 1, keep: 2, life: s.host.life, floor: s.log.floor, log: s.log, prog: s.log.prog, now: time.Now}
	if _, err := openImageStore(images); err != nil {
		t.Fatal(err)
	}
	f := &fsm[uint32]{machine: newLedger(), prog: s.log.prog, life: s.host.life}
	r, err := raft.NewRaft(cfg, f, s.log, s.stable, images, newLoneTransport("node"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Apply([]byte("x"), 0).Error(); err != raft.ErrNotLeader {
		t.Errorf("follower answers %v", err)
	}
	if err := r.Shutdown().Error(); err != nil {
		t.Fatal(err)
	}
	if err := r.Apply([]byte("x"), 0).Error(); err != raft.ErrRaftShutdown {
		t.Errorf("after shutdown: %v", err)
	}
	s.holds(t, 0, 0)
}
