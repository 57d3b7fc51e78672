package engine

import (
	"bytes"
	"context"
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
)

// openErasures brings the list of erasures and the shards together, before
// anything is answered: customers who are on the list and still there are
// forgotten, as after a restore, and what the journals know is added to the list,
// as after a crash.
func (e *Engine) openErasures(ctx context.Context) error {
	l := &erasureList{fs: e.fs, dir: e.cfg.Dir, tag: erasureTag(e.secret), seen: make([]uint32, len(e.shards))}
	listed, torn, err := readErasures(l.fs, l.fs.PathJoin(l.dir, erasuresFile), l.tag)
	if err != nil {
		return err
	}
	if err := e.eraseAgain(ctx, listed); err != nil {
		return fmt.Errorf("forget who is on the list of erasures: %w", err)
	}
	all, err := e.allErasures(listed, l.seen)
	if err != nil {
		return err
	}
	if torn || len(all) != len(listed) {
		if err := writeFile(l.fs, l.dir, erasuresFile, encodeErasures(l.tag, all)); err != nil {
			return fmt.Errorf("write the list of erasures: %w", err)
		}
	}
	l.count = len(all)
	e.erasures = l
	return nil
}

// allErasures is the list with everything that the journals know; seen gets how
// much that is of each shard.
func (e *Engine) allErasures(listed []shard.Forgotten, seen []uint32) ([]shard.Forgotten, error) {
	var known []shard.Forgotten
	for i, g := range e.shards {
		for n := g.law.ForgottenCount(); seen[i] < n; seen[i]++ {
			f, ok := g.law.Forgotten(seen[i])
			if !ok {
				return nil, fmt.Errorf("shard %d: forgetting %d of %d is not in the journal", i, seen[i], n)
			}
			known = append(known, f)
		}
	}
	all := mergeErasures(listed, known)
	if len(all) > erasuresMax {
		return nil, fmt.Errorf("%w: %d", errErasuresFull, len(all))
	}
	return all, nil
}

// eraseBatch bounds what is proposed at once.
const eraseBatch = 500

// eraseAgain forgets who is on the list and still there. It is the one thing that
// a restored directory does by itself: what it shows must not be what somebody
// had a right to see gone.
func (e *Engine) eraseAgain(ctx context.Context, listed []shard.Forgotten) error {
	owed := make([][]shard.Forget, len(e.shards))
	count := 0
	for _, f := range listed {
		g := e.shardOf(f.ID.Slot)
		if project, ok := g.law.CustomerProject(f.ID); ok {
			owed[g.index] = append(owed[g.index], shard.Forget{Project: project, ID: f.ID})
			count++
		}
	}
	if count == 0 {
		return nil
	}
	e.log.Info("customers who were forgotten after this state are forgotten again", "customers", count)
	if e.recovery != nil && !e.cfg.EndRecovery {
		// Their records get ids, which must not be those that were lost.
		if err := e.tuneShards(ctx, true); err != nil {
			return err
		}
	}
	for i, g := range e.shards {
		for q := owed[i]; len(q) > 0; q = q[min(len(q), eraseBatch):] {
			if err := e.forgetAll(ctx, g, q[:min(len(q), eraseBatch)]); err != nil {
				return fmt.Errorf("shard %d: %w", i, err)
			}
		}
	}
	return nil
}

func (e *Engine) forgetAll(ctx context.Context, g *shardGroup, q []shard.Forget) error {
	cmds := make([][]byte, len(q))
	for i := range q {
		cmds[i] = shard.AppendForget(e.command(&Call{}, shard.KindForget, q[i].ID.Slot, identity{}, e.catalog.View().Index()), &q[i])
	}
	replies := make([]shard.Reply, len(q))
	if _, err := e.proposeAll(ctx, g, cmds, replies); err != nil {
		return err
	}
	for i := range replies {
		if o := replies[i].Outcome; o != coupon.OK {
			return &refusal{o}
		}
	}
	return nil
}

// restoreErasures writes the list of a restored directory: the backup's own and
// those that were given, files or the directories they lie in. It returns how many
// customers are on it.
func restoreErasures(fsys vfs.FS, backup, dir string, secret []byte, given []string) (int, error) {
	var s catalog.Secret
	if err := s.UnmarshalText(bytes.TrimSpace(secret)); err != nil {
		return 0, fmt.Errorf("%s: %w", secretFile, err)
	}
	tag := erasureTag(coupon.NewSecret(s))
	all, _, err := readErasures(fsys, fsys.PathJoin(backup, erasuresFile), tag)
	if err != nil {
		return 0, err
	}
	for _, path := range given {
		list, err := givenErasures(fsys, path, tag)
		if err != nil {
			return 0, fmt.Errorf("erasures: %w", err)
		}
		all = mergeErasures(all, list)
	}
	if len(all) > erasuresMax {
		return 0, fmt.Errorf("%w: %d", errErasuresFull, len(all))
	}
	if len(all) == 0 {
		return 0, nil
	}
	return len(all), writeFile(fsys, dir, erasuresFile, encodeErasures(tag, all))
}

// givenErasures reads a list that an operator named. One that is not there is a
// mistake, not an empty list.
func givenErasures(fsys vfs.FS, path string, tag coupon.Hash) ([]shard.Forgotten, error) {
	info, err := fsys.Stat(path)
	if err == nil && info.IsDir() {
		path = fsys.PathJoin(path, erasuresFile)
		_, err = fsys.Stat(path)
	}
	if err != nil {
		return nil, err
	}
	list, _, err := readErasures(fsys, path, tag)
	return list, err
}
