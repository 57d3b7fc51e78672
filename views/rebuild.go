package views

import (
	"errors"
	"time"
)

// rebuildPause keeps a disk that returns damage again and again from being
// written full of views.
const rebuildPause = 5 * time.Second

// damage is a reason why a store cannot be used any more.
type damage struct {
	generation int // of the store that it was found in
	err        error
}

// damaged reports it. It never blocks: one report is enough.
func (v *Views) damaged(generation int, err error) {
	select {
	case v.damage <- damage{generation, err}:
	default:
	}
}

// keep replaces a damaged store by an empty one, from which the followers begin
// again (V6).
func (v *Views) keep() {
	defer v.work.Done()
	for {
		select {
		case d := <-v.damage:
			if !v.rebuild(d) {
				continue
			}
		case <-v.running.Done():
			return
		}
		select {
		case <-time.After(rebuildPause):
		case <-v.running.Done():
			return
		}
	}
}

// rebuild reports false for damage of a store that is gone already.
func (v *Views) rebuild(d damage) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if d.generation != v.generation {
		return false
	}
	v.log.Warn("views: deleted and built again", "dir", v.storeDir(), "reason", d.err)
	v.generation++
	for _, f := range v.followers {
		f.unpublish()
	}
	v.rebuilds.Add(1)
	var errs []error
	if v.db != nil {
		errs = append(errs, v.db.Close())
		v.db = nil
	}
	errs = append(errs, v.cfg.FS.RemoveAll(v.storeDir()))
	db, err := v.openStore()
	if err != nil {
		v.log.Error("views: cannot begin again; trying later", "error", errors.Join(append(errs, err)...))
		v.damaged(v.generation, err)
		return true
	}
	v.db = db
	for i := range v.followers {
		v.Notify(i)
	}
	return true
}
