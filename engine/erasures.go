package engine

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
)

// The list of erasures names every customer who was ever forgotten: ids that mean
// nobody, and no personal data. A backup holds the keys of customers who were
// forgotten after it was made; whoever restores it brings the newest list along,
// and the customers on it are forgotten again before anything is read.
//
// The log goes first: a customer is on the list once the forgetting is committed,
// and before it is acknowledged. A crash between the two is mended by the next
// start, which adds what the journals know and the list does not. The other way
// round the list would hold customers whom nobody has forgotten.
//
// The file is append-only, little-endian, so that it can be copied at any time:
//
//	"SCER" | version u16 | 0 u16 | tag of the cluster 16 bytes
//	per customer: sequence u64 | slot u16 | before u16 | stamp i64 | CRC-32C of these u32
//
// before is how many customers the same append wrote before this one. An append
// begins when the one before it is durable: a hole with sound customers behind it is
// a torn append if theirs began at or before it, and else damage. A file that is
// written whole has 0 throughout.
//
// It needs no compaction: a customer is on it once, and what it takes, 24 bytes,
// is a tenth of what the tombstone takes in memory for as long (P10).
const (
	erasuresFile       = "erasures"
	erasuresMagic      = "SCER"
	erasuresVersion    = 1
	erasureHeaderBytes = 24
	erasureBytes       = 24
	// erasuresMax bounds the list, its file to 400 MB and the copy that a start or
	// a restore holds for a moment to as much. The tombstones of so many customers
	// take 4 GiB of the memory budget.
	erasuresMax = 1 << 24
	// erasureAppendMax bounds one append to what before counts.
	erasureAppendMax = 1 << 16
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)

	errErasuresDamaged = errors.New("the list of erasures is damaged")
	errErasuresForeign = errors.New("the list of erasures of another cluster")
	errErasuresFull    = errors.New("too many erasures")
	errErasuresClosed  = errors.New("the list of erasures is closed")
)

// erasureTag says which cluster's ids a list holds.
func erasureTag(s *coupon.Secret) coupon.Hash { return s.KeyHash([]byte("scrip/1/erasures")) }

func appendErasureHeader(dst []byte, tag coupon.Hash) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint16(le.AppendUint16(append(dst, erasuresMagic...), erasuresVersion), 0)
	return le.AppendUint64(le.AppendUint64(dst, tag.Hi), tag.Lo)
}

func appendErasure(dst []byte, f shard.Forgotten, before int) []byte {
	le := binary.LittleEndian
	at := len(dst)
	dst = le.AppendUint32(le.AppendUint64(dst, f.ID.Seq), uint32(f.ID.Slot)|uint32(before)<<16)
	dst = le.AppendUint64(dst, uint64(f.Stamp))
	return le.AppendUint32(dst, crc32.Checksum(dst[at:], castagnoli))
}

// encodeErasures is a whole file.
func encodeErasures(tag coupon.Hash, list []shard.Forgotten) []byte {
	b := appendErasureHeader(make([]byte, 0, erasureHeaderBytes+len(list)*erasureBytes), tag)
	for _, f := range list {
		b = appendErasure(b, f, 0)
	}
	return b
}

// decodeErasures reads a file. An end that does not verify is an append that a
// crash has torn, or one under way while the file was copied, and was never
// acknowledged: it is left out, and torn is set. Damage before sound entries is
// an error.
func decodeErasures(b []byte, tag coupon.Hash) (list []shard.Forgotten, torn bool, err error) {
	le := binary.LittleEndian
	if len(b) < erasureHeaderBytes || string(b[:4]) != erasuresMagic || le.Uint16(b[4:]) != erasuresVersion || le.Uint16(b[6:]) != 0 {
		return nil, false, fmt.Errorf("%w: no header of version %d", errErasuresDamaged, erasuresVersion)
	}
	if (coupon.Hash{Hi: le.Uint64(b[8:]), Lo: le.Uint64(b[16:])}) != tag {
		return nil, false, errErasuresForeign
	}
	b = b[erasureHeaderBytes:]
	if len(b)/erasureBytes > erasuresMax {
		return nil, false, fmt.Errorf("%w: %d", errErasuresFull, len(b)/erasureBytes)
	}
	torn = len(b)%erasureBytes != 0
	list = make([]shard.Forgotten, 0, len(b)/erasureBytes)
	for i := 0; len(b) >= erasureBytes; i, b = i+1, b[erasureBytes:] {
		f, before, ok := decodeErasure(b)
		switch {
		case !ok:
			torn = true
		case len(list) < i && i-before <= len(list):
			// of the append that has the hole
		case len(list) < i:
			return nil, false, fmt.Errorf("%w: entry %d", errErasuresDamaged, len(list)+1)
		default:
			list = append(list, f)
		}
	}
	return list, torn, nil
}

func decodeErasure(b []byte) (f shard.Forgotten, before int, ok bool) {
	le := binary.LittleEndian
	f = shard.Forgotten{ID: coupon.ID{Slot: le.Uint16(b[8:]), Seq: le.Uint64(b)}, Stamp: int64(le.Uint64(b[12:]))}
	const body = erasureBytes - 4
	ok = crc32.Checksum(b[:body], castagnoli) == le.Uint32(b[body:])
	return f, int(le.Uint16(b[10:])), ok && f.ID.Slot < coupon.Slots
}

// mergeErasures is every customer of the lists once, in order of time.
func mergeErasures(lists ...[]shard.Forgotten) []shard.Forgotten {
	all := slices.Concat(lists...)
	slices.SortFunc(all, func(a, b shard.Forgotten) int {
		return cmp.Or(cmp.Compare(a.ID.Slot, b.ID.Slot), cmp.Compare(a.ID.Seq, b.ID.Seq), cmp.Compare(a.Stamp, b.Stamp))
	})
	all = slices.CompactFunc(all, func(a, b shard.Forgotten) bool { return a.ID == b.ID })
	slices.SortStableFunc(all, func(a, b shard.Forgotten) int { return cmp.Compare(a.Stamp, b.Stamp) })
	return all
}

// readErasures reads a list; a file that is not there is an empty one.
func readErasures(fsys vfs.FS, path string, tag coupon.Hash) (list []shard.Forgotten, torn bool, err error) {
	b, err := readFile(fsys, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err == nil {
		list, torn, err = decodeErasures(b, tag)
	}
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", path, err)
	}
	return list, torn, nil
}

// erasureList is the list of an open data directory. After an error it says
// nothing more: what the file holds then is for the next start to find out.
type erasureList struct {
	fs  vfs.FS
	dir string
	tag coupon.Hash

	mu    sync.Mutex // guards what follows, and orders the writes
	file  vfs.File   // nil before the first erasure
	count int        // entries of the file
	seen  []uint32   // of each shard's forgettings, those that are in the file
	err   error
}

// catchUp brings what the shards have forgotten into the file, durably. Of many
// who call at once the first writes for those who wait.
func (l *erasureList) catchUp(shards []*shardGroup) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	var b []byte
	for i, g := range shards {
		for n := g.law.ForgottenCount(); l.seen[i] < n; l.seen[i]++ {
			f, ok := g.law.Forgotten(l.seen[i])
			if !ok {
				l.err = fmt.Errorf("shard %d: forgetting %d of %d is not in the journal", i, l.seen[i], n)
				return l.err
			}
			b = appendErasure(b, f, len(b)/erasureBytes)
			if len(b) == erasureAppendMax*erasureBytes {
				if l.err = l.append(b); l.err != nil {
					return l.err
				}
				b = b[:0]
			}
		}
	}
	if len(b) > 0 {
		l.err = l.append(b)
	}
	return l.err
}

func (l *erasureList) append(b []byte) error {
	if err := l.open(); err != nil {
		return err
	}
	if _, err := l.file.WriteAt(b, int64(erasureHeaderBytes+l.count*erasureBytes)); err != nil {
		return err
	}
	l.count += len(b) / erasureBytes
	return l.file.Sync()
}

// open makes the file when there is none.
func (l *erasureList) open() error {
	if l.file != nil {
		return nil
	}
	if l.count == 0 {
		if err := writeFile(l.fs, l.dir, erasuresFile, encodeErasures(l.tag, nil)); err != nil {
			return err
		}
	}
	f, err := l.fs.OpenReadWrite(l.fs.PathJoin(l.dir, erasuresFile), vfs.WriteCategoryUnspecified)
	l.file = f
	return err
}

// room reports that one more customer may be forgotten.
func (l *erasureList) room() (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count < erasuresMax, l.err
}

// copyTo writes the list as it is now into another directory, and returns its
// length. One without erasures is not written.
func (l *erasureList) copyTo(fsys vfs.FS, dir string, shards []*shardGroup) (int, error) {
	if err := l.catchUp(shards); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	list, _, err := readErasures(l.fs, l.fs.PathJoin(l.dir, erasuresFile), l.tag)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	return len(list), writeFile(fsys, dir, erasuresFile, encodeErasures(l.tag, list))
}

func (l *erasureList) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = errErasuresClosed
	}
	f := l.file
	if l.file = nil; f == nil {
		return nil
	}
	return f.Close()
}
