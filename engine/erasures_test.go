package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// listed is the list of erasures of a directory, by public id.
func (w *world) listed(dir string) []string {
	w.t.Helper()
	list, torn, err := readErasures(w.fs, w.fs.PathJoin(dir, erasuresFile), erasureTag(w.secret))
	w.ok(err)
	if torn {
		w.t.Error("the list is torn")
	}
	var ids []string
	for _, f := range list {
		ids = append(ids, w.customerID(f.ID))
	}
	slices.Sort(ids)
	return ids
}

// dataKey is the key of a customer's profile.
func (w *world) dataKey(id string) []byte {
	w.t.Helper()
	var v shard.CustomerView
	if !w.findCustomer(w.c.project(w.catalog.View()), id, &v) {
		w.t.Fatalf("no customer %s", id)
	}
	return v.DataKey[:]
}

// imagesWith counts the images that hold some bytes.
func (w *world) imagesWith(b []byte) (n int) {
	w.t.Helper()
	for _, g := range w.shards {
		for _, image := range g.log.Status().Images {
			data, err := readFile(w.fs, image.Path)
			w.ok(err)
			if bytes.Contains(data, b) {
				n++
			}
		}
	}
	return n
}

// A process that stops within seconds of a forgetting must not leave the key of
// the profile in its images and its log until the day when a new image is due.
func TestErasuresAreOwedAcrossARestart(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ann, err := w.put("", `{"source_id":"ann","name":"Ann"}`)
		w.ok(err)
		key := w.dataKey(ann.ID)
		g := w.shardOf(w.customerName(w.c.project(w.catalog.View()), "ann").slot())
		_, err = g.log.Image(context.Background())
		w.ok(err)
		if w.imagesWith(key) != 1 {
			t.Fatal("an image hides the key from this test")
		}
		w.clock.Advance(time.Second)
		w.ok(w.forget("", "ann"))
		born := g.log.Status().LastIndex
		w.reopen()
		g = w.shards[g.index]
		if !g.owesErasure() {
			t.Fatal("nothing is owed after a restart")
		}
		w.clock.Advance(time.Second)
		w.payErasures(context.Background())
		for range 2 { // once paid it stays so
			if w.shards[g.index].owesErasure() {
				t.Fatal("still owed")
			}
			if n := w.imagesWith(key); n != 0 {
				t.Fatalf("%d images hold the key", n)
			}
			if first := w.shards[g.index].log.Status().FirstIndex; first <= born {
				t.Fatalf("the log goes back to %d, the forgetting is at %d", first, born)
			}
			w.reopen()
		}
	})
}

// A directory whose one image is newer than every forgetting, and whose log begins
// behind it, owes nothing: images of a large state are not made for nothing.
func TestRestoredDirectoriesOweNothing(t *testing.T) {
	w := newWorld(t, 4)
	for i := range 8 {
		_, err := w.put("", fmt.Sprintf(`{"source_id":"c%d"}`, i))
		w.ok(err)
		w.ok(w.forget("", fmt.Sprint("c", i)))
	}
	w.advance(1000)
	_, err := w.Backup(context.Background(), "backup")
	w.ok(err)
	w.ok(w.Close())
	_, err = Restore(w.fs, "backup", "restored")
	w.ok(err)
	w.Engine = open(t, w.fs, func(c *Config) { c.Clock, c.Dir = w.clock, "restored" })
	known := uint32(0)
	for _, g := range w.shards {
		known += g.law.ForgottenCount()
		if g.owesErasure() {
			t.Errorf("%s owes images for forgettings that its image is newer than: %+v", g.name(), g.log.Status())
		}
	}
	if known != 8 {
		t.Errorf("%d forgettings", known)
	}
	w.ok(w.Close())
}

// Who was forgotten without an answer, since the caller had left, is on the list
// soon as well.
func TestErasuresWithoutAnAnswerAreListed(t *testing.T) {
	w := newWorld(t, 1)
	ann, err := w.put("", `{"source_id":"ann"}`)
	w.ok(err)
	var v shard.CustomerView
	if !w.findCustomer(w.c.project(w.catalog.View()), "ann", &v) {
		t.Fatal("no customer")
	}
	q := []shard.Forget{{Project: w.c.Caller.Project, ID: v.ID}}
	w.ok(w.forgetAll(context.Background(), w.shards[0], q))
	w.payErasures(context.Background())
	if got := w.listed("data"); !slices.Equal(got, []string{ann.ID}) {
		t.Errorf("listed %v", got)
	}
}

// Whatever is read as a list is written back as it was.
func FuzzErasures(f *testing.F) {
	tag := coupon.Hash{Hi: 1, Lo: 2}
	whole := encodeErasures(tag, []shard.Forgotten{{ID: coupon.ID{Slot: 3, Seq: 1<<40 | 4}, Stamp: 5}, {ID: coupon.ID{Seq: 6}, Stamp: -7}})
	for _, n := range []int{0, erasureHeaderBytes, erasureHeaderBytes + erasureBytes, len(whole) - 1, len(whole)} {
		f.Add(whole[:n])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		list, torn, err := decodeErasures(b, tag)
		if err != nil {
			return
		}
		size := len(encodeErasures(tag, list))
		again, _, err := decodeErasures(b[:size], tag)
		if err != nil || !slices.Equal(again, list) || torn == (len(b) == size) {
			t.Errorf("%d entries, torn %v, of %d bytes", len(list), torn, len(b))
		}
	})
}

// A backup holds the keys of customers who were forgotten after it was made. A
// restore that shows them again breaks a promise to somebody who asked to be gone.
func TestRestoresForgetAgain(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.add(w.tenPercent("E", "", `,"redemption":{"quantity":null}`).ID, "E", `{}`)
		ids := map[string]string{}
		for _, name := range []string{"ann", "bob", "cay", "dan"} {
			r := w.redeem("E", fmt.Sprintf(`,"customer":{"source_id":%q,"name":"N"}`, name))
			ids[name] = r.Customer.ID
		}
		w.ok(w.forget("", "dan"))
		info, err := w.Backup(ctx, "old")
		w.ok(err)
		if info.Erasures != 1 {
			t.Fatalf("backup: %+v", info)
		}
		w.ok(w.forget("", "ann"))
		_, err = w.Backup(ctx, "newer")
		w.ok(err)
		w.ok(w.forget("k", "bob"))
		lost := w.redeem("E", `,"customer":{"source_id":"eve"}`)
		w.ok(w.forget("", "eve"))
		all := []string{ids["ann"], ids["bob"], ids["dan"], lost.Customer.ID}
		slices.Sort(all)
		if got := w.listed("data"); !slices.Equal(got, all) {
			t.Fatalf("listed %v, want %v", got, all)
		}
		w.ok(w.Close())
		restored, err := Restore(w.fs, "old", "restored", "newer", "data/"+erasuresFile, "newer")
		w.ok(err)
		if restored.Erasures != 4 {
			t.Fatalf("restore: %+v", restored)
		}
		for i, ended := range []bool{false, false, true, false} {
			w.Engine = open(t, w.fs, func(c *Config) { c.Clock, c.Dir, c.EndRecovery = w.clock, "restored", ended })
			w.c = w.Default()
			for name, id := range ids {
				for _, ref := range []string{name, id} {
					_, err := w.Customer(ctx, w.c, ref)
					if name == "cay" {
						w.ok(err)
					} else {
						w.wants(err, wire.KeyNotFound)
					}
				}
			}
			if got := w.listed("restored"); !slices.Equal(got, all) {
				t.Fatalf("start %d: listed %v, want %v", i, got, all)
			}
			if _, err := w.Redemption(ctx, w.c, lost.ID); keyOf(err) != wire.KeyNotFound {
				t.Errorf("the id of a redemption that was lost means something: %v", err)
			}
			w.ok(w.Close())
		}
	})
}

// The list is written after the log and before the answer: what a crash tears off
// or leaves out is found in the journals, and nothing is on it twice.
func TestTheListOfErasuresIsMended(t *testing.T) {
	eachShards(t, func(t *testing.T, w *world) {
		var want []string
		var wg sync.WaitGroup
		for i := range 20 {
			c, err := w.put("", fmt.Sprintf(`{"source_id":"c%d"}`, i))
			w.ok(err)
			want = append(want, c.ID)
			wg.Go(func() {
				if err := w.DeleteCustomer(context.Background(), w.c, c.ID); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		slices.Sort(want)
		path := "data/" + erasuresFile
		whole, err := readFile(w.fs, path)
		w.ok(err)
		if got := w.listed("data"); !slices.Equal(got, want) || len(whole) != erasureHeaderBytes+20*erasureBytes {
			t.Fatalf("listed %v in %d bytes, want %v", got, len(whole), want)
		}
		zeros := make([]byte, 2*erasureBytes)
		for name, left := range map[string][]byte{"missing": nil, "no entries": whole[:erasureHeaderBytes], "some": whole[:erasureHeaderBytes+3*erasureBytes],
			"torn": whole[:len(whole)-1], "zeros": slices.Concat(whole[:erasureHeaderBytes+erasureBytes], zeros)} {
			w.ok(w.Close())
			w.ok(w.fs.Remove(path))
			if left != nil {
				w.ok(writeFile(w.fs, "data", erasuresFile, left))
			}
			w.Engine = open(t, w.fs, func(c *Config) { c.Clock = w.clock })
			w.c = w.Default()
			if got := w.listed("data"); !slices.Equal(got, want) {
				t.Fatalf("%s: listed %v, want %v", name, got, want)
			}
			c, err := w.put("", fmt.Sprintf(`{"source_id":%q}`, name))
			w.ok(err)
			w.ok(w.forget("", c.ID))
			want = append(want, c.ID)
			slices.Sort(want)
			if got := w.listed("data"); !slices.Equal(got, want) {
				t.Fatalf("after %s: listed %v, want %v", name, got, want)
			}
		}
	})
}

// A list that is damaged in its middle, or another cluster's, must not be taken
// for what it is not: it would forget nobody, or strangers.
func TestListsThatAreRefused(t *testing.T) {
	tag := coupon.Hash{Hi: 1, Lo: 2}
	list := []shard.Forgotten{{ID: coupon.ID{Slot: 3, Seq: 1<<40 | 4}, Stamp: 5}, {ID: coupon.ID{Slot: coupon.Slots - 1, Seq: 6}, Stamp: 7}, {ID: coupon.ID{Slot: 0, Seq: 8}, Stamp: 9}}
	whole := encodeErasures(tag, list)
	if got, torn, err := decodeErasures(whole, tag); err != nil || torn || !slices.Equal(got, list) {
		t.Fatalf("%v %v %v", got, torn, err)
	}
	for i := range whole {
		bad := bytes.Clone(whole)
		bad[i] ^= 1
		got, torn, err := decodeErasures(bad, tag)
		switch {
		case i < 8:
			if !errors.Is(err, errErasuresDamaged) {
				t.Errorf("byte %d: %v", i, err)
			}
		case i < erasureHeaderBytes:
			if !errors.Is(err, errErasuresForeign) {
				t.Errorf("byte %d: %v", i, err)
			}
		case i < len(whole)-erasureBytes:
			if !errors.Is(err, errErasuresDamaged) {
				t.Errorf("byte %d: %v", i, err)
			}
		case err != nil || !torn || !slices.Equal(got, list[:2]):
			t.Errorf("byte %d: %v %v %v", i, got, torn, err)
		}
	}
	for n := range whole {
		got, torn, err := decodeErasures(whole[:n], tag)
		if n >= erasureHeaderBytes && (err != nil || torn != ((n-erasureHeaderBytes)%erasureBytes != 0) || !slices.Equal(got, list[:(n-erasureHeaderBytes)/erasureBytes])) {
			t.Errorf("%d bytes: %v %v %v", n, got, torn, err)
		}
		if n < erasureHeaderBytes && err == nil {
			t.Errorf("%d bytes are a list", n)
		}
	}
	w := newWorld(t, 1)
	_, err := w.Backup(context.Background(), "backup")
	w.ok(err)
	w.ok(writeFile(w.fs, ".", "foreign", whole))
	for i, path := range []string{"foreign", "nowhere", "data"} {
		if _, err := Restore(w.fs, "backup", fmt.Sprint("r", i), path); err == nil || !strings.Contains(err.Error(), "erasures") {
			t.Errorf("restored with %s: %v", path, err)
		}
	}
	w.ok(w.Close())
	w.ok(writeFile(w.fs, "data", erasuresFile, whole))
	x := newExits()
	if e, err := bare(w.fs, x); err == nil || !strings.Contains(err.Error(), errErasuresForeign.Error()) {
		t.Errorf("opened with a foreign list: %v %v", e, err)
	}
}

// failingList is a file system whose list of erasures cannot be written.
type failingList struct{ vfs.FS }

func (f failingList) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	if strings.HasSuffix(name, erasuresFile) {
		return nil, errInjected
	}
	return f.FS.OpenReadWrite(name, c, o...)
}

// What is not on the list is not acknowledged; nothing more is forgotten until the
// next start has mended it.
func TestNoErasureWithoutItsList(t *testing.T) {
	mem := vfs.NewMem()
	x := newExits()
	e, err := bare(failingList{mem}, x)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, Engine: e, fs: mem, c: e.Default()}
	for _, source := range []string{"ann", "bob"} {
		_, err := w.put("", fmt.Sprintf(`{"source_id":%q}`, source))
		w.ok(err)
	}
	w.wants(w.forget("k", "ann"), wire.KeyOutcomeUnknown)
	w.wants(w.forget("k", "ann"), wire.KeyOutcomeUnknown)
	w.wants(w.forget("l", "bob"), wire.KeyUnavailable)
	w.ok(w.Close())
	w.Engine = open(t, mem)
	w.ok(w.forget("k", "ann"))
	w.ok(w.forget("l", "bob"))
	if got := w.listed("data"); len(got) != 2 {
		t.Errorf("listed %v", got)
	}
}

// An append of several pages of which power loss left only the last was never
// acknowledged. A hole in an earlier append is damage.
func TestTornAppendsWithHoles(t *testing.T) {
	tag := coupon.Hash{Hi: 1, Lo: 2}
	b := appendErasureHeader(nil, tag)
	for i := range 400 {
		before := i
		if i >= 100 {
			before = i - 100
		}
		b = appendErasure(b, shard.Forgotten{ID: coupon.ID{Slot: 1, Seq: uint64(i + 1)}, Stamp: int64(i)}, before)
	}
	torn := bytes.Clone(b)
	clear(torn[erasureHeaderBytes+100*erasureBytes : 4096])
	if got, torn, err := decodeErasures(torn, tag); err != nil || len(got) != 100 || !torn {
		t.Errorf("%d entries, torn %v, %v", len(got), torn, err)
	}
	clear(b[erasureHeaderBytes+99*erasureBytes : 4096])
	if _, _, err := decodeErasures(b, tag); !errors.Is(err, errErasuresDamaged) {
		t.Errorf("a hole in an acknowledged append: %v", err)
	}
}
