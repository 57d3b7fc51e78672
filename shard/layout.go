package shard

import (
	"encoding/binary"
	"sync"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/internal/arena"
)

// stripesCount is the number of reader-writer locks over the slots. A command
// locks the stripe of one slot for well under a microsecond, so 256 keep
// readers and Apply out of each other's way without a cache line per slot.
const stripesCount = 256

// stripe guards the tables of the slots with the same low eight bits, and the
// old rows that an image under way still needs.
type stripe struct {
	mu   sync.RWMutex
	undo map[undoKey][]byte
	_    [32]byte
}

// slot is everything that belongs to one slot: what a move to another shard
// would carry. Tables are vectors of rows named by their ordinal; the indexes
// over them are rebuilt on load.
type slot struct {
	codes     rows  // codeRow
	text      texts // codes as issued
	codeIndex index // hash of the folded text -> ordinal of the newest such code

	uses     rows // useRow: uses of one code by one customer
	useIndex index

	customers     rows // customerRow
	customerIndex index

	events window // per-slot sequence - 1 -> journal sequence
	sealed uint32 // of the events, those whose records were sealed

	receipts  index // (operation, anchor, key) -> journal sequence
	rollbacks index // redemption's sequence -> journal sequence of its newest rollback
}

// codeRow is a code, 20 bytes, little-endian:
//
//	 0 birth u32      the birth that issued it, hence its campaign and time
//	 4 text u32       offset of the code as issued
//	 8 use u64        flags in the top byte; below them, the journal sequence of
//	                  the last redemption, or with flagSide the Ref of the side
//	16 version u32    counts changes; the basis of an evaluation
type codeRow []byte

const codeRowBytes = 20

const (
	flagOff  = uint64(1) << 56 // disabled
	flagDead = uint64(1) << 57 // deleted: a tombstone
	flagUsed = uint64(1) << 58 // a single-use code without side: used up
	flagSide = uint64(1) << 59 // the low 32 bits are the Ref of a side

	useMask = uint64(1)<<48 - 1
)

func (c codeRow) birth() uint32       { return binary.LittleEndian.Uint32(c) }
func (c codeRow) text() uint32        { return binary.LittleEndian.Uint32(c[4:]) }
func (c codeRow) use() uint64         { return binary.LittleEndian.Uint64(c[8:]) }
func (c codeRow) version() uint32     { return binary.LittleEndian.Uint32(c[16:]) }
func (c codeRow) has(f uint64) bool   { return c.use()&f != 0 }
func (c codeRow) lastUse() uint64     { return c.use() & useMask }
func (c codeRow) side() arena.Ref     { return arena.Ref(c.use()) }
func (c codeRow) setUse(v uint64)     { binary.LittleEndian.PutUint64(c[8:], v) }
func (c codeRow) bump()               { binary.LittleEndian.PutUint32(c[16:], c.version()+1) }
func (c codeRow) setBirth(v uint32)   { binary.LittleEndian.PutUint32(c, v) }
func (c codeRow) setText(v uint32)    { binary.LittleEndian.PutUint32(c[4:], v) }
func (c codeRow) setVersion(v uint32) { binary.LittleEndian.PutUint32(c[16:], v) }

// setFlag sets or clears a flag.
func (c codeRow) setFlag(f uint64, on bool) {
	if on {
		c.setUse(c.use() | f)
	} else {
		c.setUse(c.use() &^ f)
	}
}

// useRow counts the uses of one code by one customer, 16 bytes:
//
//	0 code ordinal u32   4 count u32   8 customer id u64
type useRow []byte

const useRowBytes = 16

func (u useRow) code() uint32      { return binary.LittleEndian.Uint32(u) }
func (u useRow) count() uint32     { return binary.LittleEndian.Uint32(u[4:]) }
func (u useRow) customer() uint64  { return binary.LittleEndian.Uint64(u[8:]) }
func (u useRow) setCount(v uint32) { binary.LittleEndian.PutUint32(u[4:], v) }
func (u useRow) set(c uint32, cu uint64) {
	binary.LittleEndian.PutUint32(u, c)
	binary.LittleEndian.PutUint64(u[8:], cu)
}

// eventRowBytes: one journal sequence.
const eventRowBytes = 8

func eventSeq(row []byte) uint64 { return binary.LittleEndian.Uint64(row) }

// births has a row for each command that issued codes, 28 bytes:
//
//	0 campaign u32   4 project u32   8 stamp i64   16 journal sequence u64
//	24 rules u8 (low bit: fold; rest: version)   25 generation of ids u16
type birthRow []byte

const birthRowBytes = 28

func (b birthRow) campaign() uint32 { return binary.LittleEndian.Uint32(b) }
func (b birthRow) project() uint32  { return binary.LittleEndian.Uint32(b[4:]) }
func (b birthRow) stamp() int64     { return int64(binary.LittleEndian.Uint64(b[8:])) }
func (b birthRow) seq() uint64      { return binary.LittleEndian.Uint64(b[16:]) }

func (b birthRow) generation() uint16 { return binary.LittleEndian.Uint16(b[25:]) }

func (b birthRow) set(campaign, project uint32, stamp int64, seq uint64, rules coupon.CodeRules, generation uint16) {
	binary.LittleEndian.PutUint32(b, campaign)
	binary.LittleEndian.PutUint32(b[4:], project)
	binary.LittleEndian.PutUint64(b[8:], uint64(stamp))
	binary.LittleEndian.PutUint64(b[16:], seq)
	b[24] = rules.Version<<1 | boolByte(rules.Fold)
	binary.LittleEndian.PutUint16(b[25:], generation)
}

// orderRow is one entry of the shard-wide order of creation: slot in the top 12
// bits, the code's ordinal in its slot in the low 20.
const orderRowBytes = 4

func packPlace(slot uint16, ordinal uint32) uint32 { return uint32(slot)<<20 | ordinal }

func unpackPlace(v uint32) (slot uint16, ordinal uint32) { return uint16(v >> 20), v & (1<<20 - 1) }
