package engine

import (
	"context"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
)

// bearCustomers makes the customers known whom the items bring along, in one step
// for each shard and before any item is proposed. A birth inside an item's own
// command would have the law ask for another look at the next item of the same
// customer, and that item would come after those behind it.
//
// What cannot be done here is left to the items, which say what is wrong.
func (b *batch) bearCustomers(ctx context.Context) {
	seen := map[coupon.Hash]bool{}
	for _, g := range b.e.shards {
		var cmds [][]byte
		var of []*customerRef
		for i := range b.items {
			it := &b.items[i]
			if !it.ready || !it.r.customer.bornApart(it.r.ref.group) || it.r.customer.group != g || seen[it.r.customer.source] {
				continue
			}
			seen[it.r.customer.source] = true
			if cmd := it.birth(); cmd != nil {
				cmds = append(cmds, cmd)
				of = append(of, &it.r.customer)
			}
		}
		if len(cmds) == 0 {
			continue
		}
		replies := make([]shard.Reply, len(cmds))
		if _, err := b.e.proposeAll(ctx, g, cmds, replies); err != nil {
			continue
		}
		for i, r := range of {
			if replies[i].Outcome == coupon.OK {
				r.id, r.said, r.birth = replies[i].Customer, nil, nil
			}
		}
	}
}

// bornApart reports that a customer is to be born in a command of its own: one of
// another shard than the code's, or one with a profile whom another item may bring
// too.
func (r *customerRef) bornApart(code *shardGroup) bool {
	if r.birth != nil && r.birth.Minted && r.group == code {
		return false // no other item brings the same one
	}
	if r.said == nil || r.id != (coupon.ID{}) || r.name.id != (coupon.ID{}) {
		return false
	}
	_, known := r.group.law.CustomerBySource(r.source)
	return !known && (r.group != code || r.said.HasProfile())
}

// birth is the command by which the item's customer is born, or nil.
func (it *batchItem) birth() []byte {
	r := it.r
	if r.e.mayChange(r.c) != nil || r.customer.conceive(r.c) != nil {
		return nil
	}
	r.customer.birth.Fresh = true
	h := r.e.header(r.c, shard.KindCustomer, r.customer.source.Slot(), identity{}, r.e.catalog.View().Index())
	return shard.AppendCustomer(startCommand(&h), r.customer.birth)
}
