package engine

import "github.com/scrip-engine/scrip/coupon"

// lent is the memory that a redemption writes into on its way and that the next
// one gets: a redemption that allocates for itself pays for the collector too.
// Nothing that outlives the request may point into it.
type lent struct {
	folded  []byte // the code's text as it is compared
	order   []byte // the order as the fingerprint reads it
	said    []byte // the request as the fingerprint reads it; then the names in a brief answer
	command []byte // the command, until the log has answered for it
}

// lentMax is what a buffer may keep from one redemption to the next: an order
// with many lines is rare, and its memory is not kept for ever (P10).
const lentMax = 16 << 10

// trim drops what a rare large request made grow.
func (l *lent) trim() {
	for _, b := range [...]*[]byte{&l.folded, &l.order, &l.said, &l.command} {
		if cap(*b) > lentMax {
			*b = nil
		}
	}
}

// resolve finds the code that the request names.
func (r *redemption) resolve() {
	r.ref = r.e.resolve(r.ev.project, r.req.Redeemables[0].ID, r.lent.folded)
	if r.ref.known && !r.ref.query.ByPlace {
		r.lent.folded = r.ref.query.Folded
	}
}

// fingerprint covers operation, redeemables, order, customer and metadata; not
// path, tracking id, expansions or preferences. customer is the one identity
// that stays the same before and after the customer came into being.
func (r *redemption) fingerprint(customer coupon.Hash) uint64 {
	f := r.e.secret.NewFingerprinter(r.lent.said)
	f.AddInt(int64(opRedeem))
	for i := range r.req.Redeemables {
		q := &r.req.Redeemables[i]
		f.AddString(q.Object)
		f.AddString(q.ID)
		if v, ok := q.Gift.Credits.Get(); ok {
			f.AddInt(v)
		} else {
			f.AddAbsent()
		}
	}
	if r.req.Order != nil {
		r.lent.order = r.req.Order.AppendJSON(r.lent.order[:0])
		f.Add(r.lent.order)
	} else {
		f.AddAbsent()
	}
	f.AddInt(int64(customer.Hi))
	f.AddInt(int64(customer.Lo))
	f.Add(r.req.Metadata)
	sum := f.Sum()
	r.lent.said = f.Buffer()
	return sum
}
