package raftstore

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/hashicorp/raft"
)

// disk is what openStorage found beside the log, the votes and the good images.
type disk struct {
	hasFloor      bool
	corruptImages int
}

// reconcile brings log, images and floor of a group to a state that raft can go on
// from, or refuses. S is the index of the newest image that verifies.
//
//	nothing at all            bootstrap
//	below the floor           refuse (R11)
//	log starts after S+1      refuse: entries are missing
//	log ends at or before S   delete it: a crash between an image and its log
//	other term at S           delete it: it belongs to a branch that lost
//
// Without the deletions raft would store S+1 behind a log that ends before it, at
// every start again (raft v1.8.0, shown by a test of stock behaviour).
func (g *Group[R]) reconcile(d disk) error {
	first, last := g.log.first, g.log.last
	image, hasImage := g.images.newest()
	empty := last == 0 && !hasImage && d.corruptImages == 0 && g.stable.term == 0 && g.stable.voteTerm == 0
	if d.hasFloor {
		if err := g.checkFloor(d, max(last, image.Index), image.Index); err != nil {
			return err
		}
	}
	if empty {
		return g.bootstrap()
	}
	if last == 0 && !hasImage || first > image.Index+1 {
		return fmt.Errorf("%w: the log holds %d..%d, the newest image that verifies ends at %d (%d do not verify); restore this node from a backup or let it join again under a new id",
			ErrLogGap, first, last, image.Index, d.corruptImages)
	}
	if !d.hasFloor {
		st := floorState{Term: g.stable.term, VoteTerm: g.stable.voteTerm, Image: image.Index, Synced: max(last, image.Index)}
		if err := g.floor.create(st); err != nil {
			return err
		}
	} else if g.floor.state.Image > image.Index {
		if err := g.floor.imageLost(image.Index); err != nil {
			return err
		}
	}
	return g.dropStaleLog(image, hasImage)
}

// checkFloor refuses a disk that is behind its floor. An image that is there and
// does not verify is corruption, not a rollback; the log decides about it.
func (g *Group[R]) checkFloor(d disk, reach, image uint64) error {
	f := g.floor.state
	imageBehind := image < f.Image && d.corruptImages == 0
	if g.stable.term >= f.Term && g.stable.voteTerm >= f.VoteTerm && reach >= f.Synced && !imageBehind {
		return nil
	}
	return fmt.Errorf("%w: term %d (floor %d), vote term %d (floor %d), image %d (floor %d), last entry %d (floor %d): "+
		"the disk was restored to an older state or has lost synced writes; do not delete the floor file, it is right; "+
		"wipe this node's data directory and let it join again under a new id, or restore a backup",
		ErrRolledBack, g.stable.term, f.Term, g.stable.voteTerm, f.VoteTerm, image, f.Image, reach, f.Synced)
}

func (g *Group[R]) dropStaleLog(image keptImage, hasImage bool) error {
	first, last := g.log.first, g.log.last
	if last == 0 || !hasImage {
		return nil
	}
	stale := last <= image.Index
	if !stale && first <= image.Index {
		var l raft.Log
		if err := g.log.GetLog(image.Index, &l); err != nil {
			return fmt.Errorf("read log entry at the image: %w", err)
		}
		stale = l.Term != image.Term
	}
	if !stale {
		return nil
	}
	g.host.cfg.Logger.Warn("log does not continue the image and is removed",
		"group", g.cfg.Name, "first", first, "last", last, "image", image.Index, "term", image.Term)
	return g.log.reset(image.Index)
}

// bootstrap writes term 1 and a configuration with this node as its only voter, in
// one synced batch. raft's own BootstrapCluster takes two writes, and a crash
// between them leaves a group that can never start.
func (g *Group[R]) bootstrap() error {
	cfg := lone(g.host.identity.NodeID)
	l := &raft.Log{Index: 1, Term: 1, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(cfg)}
	b := g.host.db.NewBatch()
	key := makeKey(g.cfg.ID, kindLog, l.Index)
	v := make([]byte, logValueHeader+len(l.Data))
	encodeLog(key, v, l)
	if err := b.Set(key, v, nil); err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	if err := putTerm(b, g.cfg.ID, l.Term); err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	if err := b.Commit(pebble.Sync); err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	if g.host.life.failed.Load() {
		return fmt.Errorf("bootstrap: %w", ErrClosed)
	}
	g.log.first, g.log.last, g.stable.term = 1, 1, l.Term
	return g.floor.create(floorState{Term: 1, Synced: 1})
}
