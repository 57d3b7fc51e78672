package catalog

import "github.com/scrip-engine/scrip/coupon"

// The id of what a command creates is made from its place in the log. After a
// restore from a backup the log goes on from an older place, so ids would come that
// were given out before, for other things: whoever kept one would delete somebody
// else's campaign. The generation in force goes into every id; a restored cluster
// gets another one before it may change anything (C7).

// SetGeneration puts a generation in force. It is drawn by chance, for several
// directories may be restored from one backup and must not agree.
type SetGeneration struct {
	Generation uint16 `json:"generation"`
}

func (*SetGeneration) kind() Kind { return KindSetGeneration }

func (*SetGeneration) scope() (uint32, string) { return 0, "" }

func (b *SetGeneration) check() error {
	var c checker
	c.that(b.Generation != 0, "generation", "0 is that of a cluster which was never restored")
	return c.err
}

func (b *SetGeneration) apply(x *txn) Reply {
	if x.next.cluster == nil {
		return refuse(coupon.ResourceNotFound)
	}
	cluster := *x.next.cluster
	cluster.Generation = b.Generation
	x.next.cluster = &cluster
	x.record("cluster.restored", 0, cluster.ID, summary{})
	return x.done(cluster.ID, 0)
}

const (
	// generationShift leaves 44 bits to the index: at ten thousand entries a second
	// they last for fifty years, and the catalog sees a few a second.
	generationShift = 44
	indexMax        = 1<<generationShift - 1
)

// Number is what stands in the public id of a record's event.
func (r *Record) Number() uint64 { return idNumber(r.Generation, r.Seq) }

// idNumber is what stands in an id for an entry: the generation above the index,
// which Apply and Restore hold below indexMax.
func idNumber(generation uint16, index uint64) uint64 {
	return uint64(generation)<<generationShift | index
}
