package engine

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/scrip-engine/scrip/history"
	"github.com/scrip-engine/scrip/raftstore"
	"github.com/scrip-engine/scrip/shard"
)

// shardGroup is one shard with its log.
type shardGroup struct {
	index  int
	law    *shard.Shard
	log    *raftstore.Group[shard.Reply]
	filter *codeFilter
	// history has what the law has sealed.
	history *history.Store
	letGo   sync.Once
}

// free gives the shard's memory back when the last request that still reads it
// has let go: requests under way when Close ended have no other owner.
func (g *shardGroup) free() { runtime.SetFinalizer(g.law, (*shard.Shard).Close) }

// release lets go of what Open took for the shard.
func (g *shardGroup) release() (err error) {
	if g.law != nil {
		g.letGo.Do(g.free)
	}
	if g.history != nil {
		err = g.history.Close()
	}
	return err
}

func (g *shardGroup) name() string { return fmt.Sprintf("shard-%d", g.index) }
