package filter

import (
	"context"
	"fmt"
)

// rebuildCheckKeys is how many keys are added between two looks at the context:
// about a hundred microseconds.
const rebuildCheckKeys = 1024

// Rebuild makes the next generation, for twice the given number of keys, fills
// it through each, and puts it into use. Until then Add goes to both and Test
// answers from the old one.
//
// each calls yield for every key that there is, in any order and maybe twice,
// until yield returns false. It must find every key whose Add returned before
// each was called; keys added later it may miss. A walk that takes the lock under
// which Add is called does so. An error of each means that it did not see all of
// them.
//
// An error, from each or of ctx, or ErrRebuilding, means that nothing changed.
func (f *Filter) Rebuild(ctx context.Context, keys uint64, each func(yield func(key uint64) bool) error) error {
	if !f.rebuild.TryLock() {
		return ErrRebuilding
	}
	defer f.rebuild.Unlock()
	before := f.gen.Load()
	next := f.generation(before.current.number+1, min(keys, keysMax)*2)
	f.gen.Store(&generations{current: before.current, next: next, partial: before.partial})
	done := false
	defer func() {
		if !done { // also when each panics: an Add must not fill a generation for ever
			f.gen.Store(before)
		}
	}()
	if err := fillFrom(ctx, next, each); err != nil {
		return fmt.Errorf("filter: rebuild: %w", err)
	}
	f.gen.Store(&generations{current: next})
	done = true
	return nil
}

func fillFrom(ctx context.Context, g *generation, each func(yield func(key uint64) bool) error) error {
	n := 0
	err := each(func(key uint64) bool {
		if n++; n%rebuildCheckKeys == 0 && ctx.Err() != nil {
			return false
		}
		p := probesOf(key)
		g.add(&p)
		return true
	})
	if err != nil {
		return err
	}
	// After the walk too: one that was told to stop has not seen all keys.
	return ctx.Err()
}
