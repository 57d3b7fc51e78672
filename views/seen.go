package views

import (
	"bytes"

	"github.com/cespare/xxhash/v2"
	"github.com/cockroachdb/pebble/v2"
)

// seen says of lists and counts that they do not exist yet, so that a code's, an
// order's or a customer's first redemption reads nothing: most lists of an order,
// and of a code that is used once, are asked for once in their life.
//
// It is a row of blocked Bloom filters (Putze, Sanders and Singler 2007), each
// twice the one before it. It has no false negatives: a key is added when it is
// asked for, and what the store held before is read once, some keys at a time,
// until when everything may exist. When the last filter is full, more and more
// questions are answered by the store, as they were without it.
type seen struct {
	layers [][]seenBlock
	room   int         // blocks that may still be added
	n      int         // added to the last layer
	unread [][2][]byte // parts of the store, from and until
}

// seenBlock is one cache line.
type seenBlock [8]uint64

const (
	// seenFirstBlocks and seenBlocks: from 256 KiB on to 16 MiB for all followers,
	// which is 13 million keys at 10 bits.
	seenFirstBlocks = 4 << 10
	seenBlocks      = 256 << 10
	seenBlockKeys   = 512 / 10
	seenBits        = 6
	// seenScanKeys are read from the store at a time: about half a millisecond.
	seenScanKeys = 2048
)

// newSeen begins to read what the store has of a shard.
func newSeen(shard, followers int) *seen {
	s := &seen{layers: [][]seenBlock{make([]seenBlock, seenFirstBlocks)}, room: seenBlocks/followers - seenFirstBlocks}
	for _, kind := range [...]byte{keyList, keyCounts} {
		from := appendShard(nil, kind, shard)
		s.unread = append(s.unread, [2][]byte{from, after(from)})
	}
	return s
}

// mayHave is false when neither the store nor a batch has this head or count. A
// key of which it is false is remembered from now on.
func (s *seen) mayHave(key []byte) bool {
	h := xxhash.Sum64(key)
	for i := range s.layers {
		if block := blockOf(s.layers[i], h); block.has(h) {
			return true
		}
	}
	s.add(h)
	return len(s.unread) > 0
}

func (s *seen) add(h uint64) {
	last := s.layers[len(s.layers)-1]
	if s.n >= len(last)*seenBlockKeys && 2*len(last) <= s.room {
		last, s.n = make([]seenBlock, 2*len(last)), 0
		s.layers, s.room = append(s.layers, last), s.room-len(last)
	}
	blockOf(last, h).add(h)
	s.n++
}

// blockOf goes by the upper half of the hash, bits within the block by the lower.
func blockOf(layer []seenBlock, h uint64) *seenBlock {
	return &layer[(h>>32)*uint64(len(layer))>>32]
}

// bitsOf derives seenBits places of 9 bits from one hash.
func bitsOf(h uint64) uint64 { return (h & 0xffffffff) * 0x9e3779b97f4a7c15 }

func (b *seenBlock) has(h uint64) bool {
	for k, x := 0, bitsOf(h); k < seenBits; k, x = k+1, x>>9 {
		if b[x>>6&7]>>(x&63)&1 == 0 {
			return false
		}
	}
	return true
}

func (b *seenBlock) add(h uint64) {
	for k, x := 0, bitsOf(h); k < seenBits; k, x = k+1, x>>9 {
		b[x>>6&7] |= 1 << (x & 63)
	}
}

// scan reads a few more of the heads and counts that the store has. The follower
// adds those that it makes meanwhile itself.
func (s *seen) scan(r pebble.Reader) error {
	if len(s.unread) == 0 {
		return nil
	}
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: s.unread[0][0], UpperBound: s.unread[0][1]})
	if err != nil {
		return err
	}
	ok := it.First()
	for n := 0; ok && n < seenScanKeys; n++ {
		if key := it.Key(); key[0] == keyCounts || isListHead(key) {
			s.mayHave(key)
		}
		ok = it.Next()
	}
	if ok {
		s.unread[0][0] = bytes.Clone(it.Key())
	} else if it.Error() == nil {
		s.unread = s.unread[1:]
	}
	return it.Close()
}

// isListHead tells the head of a list from its chunks and marks, which have a
// number behind the part.
func isListHead(key []byte) bool {
	n := 3 + scopeBytes(key[3])
	return len(key) == n+2 && key[n+1] == partHead
}
