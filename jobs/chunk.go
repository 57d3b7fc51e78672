package jobs

import (
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/wire"
)

// cut is all that the chunks of an import depend on besides the file and the slot
// map (J4). It stands in the rejects' header: a job is finished as it was begun,
// whatever a later version would do.
type cut struct {
	// Version is of the code that decides which rows go into which chunk: the
	// decoders of rows, the rules of codes, placedBytes and cutter.
	Version int `json:"cut"`
	Codes   int `json:"codes"`
	Bytes   int `json:"bytes"`
	Shards  int `json:"shards"`
}

// cutVersion is raised with every change that puts a row into another chunk.
const cutVersion = 1

// placed is a row whose code could be read: it belongs to a chunk, whether it
// turns out to be valid or not.
type placed struct {
	row    int64 // from 1, in the file
	item   *wire.VoucherImport
	issued string
	hash   coupon.Hash
}

// chunk is what one shard is asked for at once.
type chunk struct {
	number uint32 // from 1, in the shard
	rows   []placed
}

// cutter cuts the rows of each shard into chunks.
type cutter struct {
	cut  cut
	open []chunk // by shard
	size []int   // bytes of the open chunks, at most
}

func newCutter(c cut) *cutter {
	k := &cutter{cut: c, open: make([]chunk, c.Shards), size: make([]int, c.Shards)}
	for s := range k.open {
		k.open[s].number = 1
	}
	return k
}

// add puts a row into its shard's open chunk. If that was full before, it is
// returned, and the row opens the next.
func (k *cutter) add(s int, p placed) (full chunk, ok bool) {
	bytes := placedBytes(&p)
	if n := len(k.open[s].rows); n == k.cut.Codes || n > 0 && k.size[s]+bytes > k.cut.Bytes {
		full, ok = k.take(s)
	}
	k.open[s].rows = append(k.open[s].rows, p)
	k.size[s] += bytes
	return full, ok
}

// take closes a shard's open chunk; false when it has no rows.
func (k *cutter) take(s int) (chunk, bool) {
	c := k.open[s]
	if len(c.rows) == 0 {
		return chunk{}, false
	}
	k.open[s] = chunk{number: c.number + 1}
	k.size[s] = 0
	return c, true
}

// placedBytes bounds what a row takes in a command, from the row alone: what it
// compiles to may differ from one attempt to the next, and must not move the cut.
// The fixed part is hash, lengths, mask, limits, amount, currency, window and
// holder at their longest. A row above a whole chunk's bytes has a chunk of its
// own; the host refuses it, since its fields are beyond coupon's bounds.
func placedBytes(p *placed) int {
	const fixedBytes, discountBytes = 16 + 2 + 58 + 4*3, 64
	v := p.item
	n := fixedBytes + len(p.issued) + len(v.Metadata) + len(v.AdditionalInfo) + len(v.Category)
	if d := v.Discount; d != nil {
		n += discountBytes + len(d.UnitType)
		for _, ref := range []*wire.ItemProduct{&d.Product, &d.SKU} {
			n += discountBytes + len(ref.ID) + len(ref.SourceID) + len(ref.Name) + len(ref.SKU)
		}
	}
	return n
}
