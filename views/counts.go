package views

import (
	"encoding/binary"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
)

// Counts are sums over a project, a campaign or a customer, exact at the
// watermark. Amounts are in minor units of the project's or the card's currency.
type Counts struct {
	// Codes. Deleted ones include those of an ended campaign. All three are zero
	// for a customer.
	Issued, Deleted, Disabled int64

	Redemptions int64 // ever made
	RolledBack  int64 // of those, wholly given back
	Rollbacks   int64 // records, the partial ones of gift cards too

	Order    int64 // sum of the orders redeemed on
	Discount int64 // taken off them
	// DiscountBack is the part of Discount whose redemptions were given back.
	DiscountBack int64

	Gift                  int64 // credits spent
	GiftBack              int64 // credits given back
	CreditsIn, CreditsOut int64 // balance added and removed by hand

	First, Last int64 // instants of the first and the newest redemption; 0 without
}

func (c *Counts) list() [14]*int64 {
	return [...]*int64{&c.Issued, &c.Deleted, &c.Disabled, &c.Redemptions, &c.RolledBack, &c.Rollbacks,
		&c.Order, &c.Discount, &c.DiscountBack, &c.Gift, &c.GiftBack, &c.CreditsIn, &c.CreditsOut, &c.First}
}

func (c *Counts) appendTo(dst []byte) []byte {
	if *c == (Counts{}) {
		return dst
	}
	for _, v := range c.list() {
		dst = binary.AppendVarint(dst, *v)
	}
	return binary.AppendVarint(dst, c.Last)
}

func (c *Counts) decode(b []byte) error {
	f := fields{b: b}
	for _, v := range c.list() {
		*v = f.int()
	}
	c.Last = f.int()
	return f.end()
}

// redeemed counts one redemption.
func (c *Counts) redeemed(rec *shard.Record) {
	c.Redemptions++
	c.Order += rec.Order
	c.Discount += rec.Applied
	c.Gift += rec.Gift
	if c.First == 0 {
		c.First = rec.Stamp
	}
	c.Last = rec.Stamp
}

// rolledBack counts one rollback of a redemption.
func (c *Counts) rolledBack(back, redemption *shard.Record) {
	c.Rollbacks++
	c.GiftBack += back.Gift
	if back.Flags&shard.RecordEnd != 0 {
		c.RolledBack++
		c.DiscountBack += redemption.Applied
	}
}

// add sums what several shards know.
func (c *Counts) add(o *Counts) {
	from := o.list()
	first, last := c.First, c.Last
	for i, v := range c.list() {
		*v += *from[i]
	}
	c.First, c.Last = max(first, o.First), max(last, o.Last)
	if first != 0 && o.First != 0 {
		c.First = min(first, o.First)
	}
}

// ProjectCounts sums over a whole project. asOf is as in ListPage.
func (v *Views) ProjectCounts(project uint32) (c Counts, asOf int64, err error) {
	return v.counts(projectScope(project))
}

// CampaignCounts sums over a campaign; 0 are the codes without one.
func (v *Views) CampaignCounts(project, campaign uint32) (c Counts, asOf int64, err error) {
	return v.counts(campaignScope(project, campaign))
}

// CustomerCounts sums over the redemptions of a customer of the project.
func (v *Views) CustomerCounts(project uint32, customer coupon.ID) (c Counts, asOf int64, err error) {
	return v.counts(customerScope(project, customer))
}

func (v *Views) counts(s scope) (c Counts, asOf int64, err error) {
	err = v.read(func(sn *snap) error {
		for i := range v.followers {
			var one Counts
			if err := sn.value(appendCounts(nil, i, s), &one); err != nil {
				return err
			}
			c.add(&one)
		}
		asOf = sn.asOf
		return nil
	})
	return c, asOf, err
}
