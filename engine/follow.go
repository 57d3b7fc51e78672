package engine

import (
	"github.com/scrip-engine/scrip/views"
)

func (e *Engine) openViews() error {
	sources := make([]views.Source, len(e.shards))
	for i, g := range e.shards {
		sources[i] = &wholeJournal{g.law, g, e.log}
	}
	v, err := views.Open(views.Config{FS: e.host.PebbleFS(), Dir: e.fs.PathJoin(e.cfg.Dir, "views"), Sources: sources,
		Logger: e.log, Registerer: e.cfg.Registerer, Exit: func(_ int, reason string) { e.host.Fail(reason) }})
	if err != nil {
		return err
	}
	e.views = v
	e.follow.Store(v)
	for i := range e.shards {
		v.Notify(i)
	}
	return nil
}

// notifyViews tells who follows the journals that a shard has applied an entry.
func (e *Engine) notifyViews(shard int) {
	if v := e.follow.Load(); v != nil {
		v.Notify(shard)
	}
	e.applied.ring()
}
