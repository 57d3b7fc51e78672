package engine

import (
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/promo"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// The tail of a record keeps what a later GET shows of the request: the order's
// names, status, lines and metadata, the redemption's metadata, tracking id.

// orderCreated is the status of an order that does not say one.
const orderCreated = wire.OrderCreated

// checkTail refuses a request whose tail cannot be kept, before anything else is
// done for it. What the evaluation adds to the lines is seen in command.
func (c *Call) checkTail(req *wire.RedeemRequest) error {
	n := len(req.TrackingID) + len(req.Metadata)
	if o := req.Order; o != nil {
		n += len(o.SourceID) + len(o.ID) + len(o.Metadata)
		if len(o.Items) > 0 {
			n += len(wire.AppendItems(make([]byte, 0, 1024), o.Items))
		}
	}
	if n > coupon.TailBytesMax {
		return c.tailTooLong()
	}
	return nil
}

func (c *Call) tailTooLong() *wire.Error {
	return c.field(wire.KeyInvalidPayload, "order", "Order lines and metadata may take 8 KiB together")
}

// tailOf builds the tail for the evaluated request, in ascending order of tags.
func (ev *evaluation) tailOf(req *wire.RedeemRequest) []byte {
	var items []byte
	o := req.Order
	t := ev.tail[:0]
	if o != nil {
		t = shard.AppendTail(t, shard.TagOrderSource, []byte(o.SourceID))
	}
	t = shard.AppendTail(t, shard.TagTracking, []byte(req.TrackingID))
	if o != nil {
		t = shard.AppendTail(t, shard.TagOrderMetadata, o.Metadata)
	}
	t = shard.AppendTail(t, shard.TagMetadata, req.Metadata)
	if o != nil {
		if lines := ev.keptItems(o); len(lines) > 0 {
			items = wire.AppendItems(nil, lines)
		}
		t = shard.AppendTail(t, shard.TagItems, items)
		t = shard.AppendTail(t, shard.TagOrderID, []byte(o.ID))
		status := o.Status
		if status == "" {
			status = orderCreated
		}
		t = shard.AppendTail(t, shard.TagOrderStatus, []byte(status))
	}
	ev.tail = t
	return t
}

// keptItems are the lines as they are kept: the request's, and where units were
// given for free, what the evaluation made of them.
func (ev *evaluation) keptItems(o *wire.Order) []wire.OrderItem {
	r := &ev.result
	if !r.HasOrder || r.ItemsAppliedDiscountAmount == 0 && len(r.Added) == 0 {
		return o.Items
	}
	items := append([]wire.OrderItem(nil), o.Items...)
	for i := range r.Added {
		items = append(items, addedItem(&r.Added[i]))
	}
	for i := range items {
		l := &r.Lines[i]
		items[i].Quantity, items[i].Amount = wire.Some(l.Quantity), wire.Some(l.Amount)
		items[i].InitialQuantity, items[i].InitialAmount = wire.Some(l.InitialQuantity), wire.Some(l.InitialAmount)
		items[i].DiscountQuantity, items[i].DiscountAmount = wire.Some(l.DiscountQuantity), wire.Some(l.DiscountAmount)
	}
	return items
}

func addedItem(a *promo.Item) wire.OrderItem {
	it := wire.OrderItem{ProductID: a.ProductID, SKUID: a.SKUID, SourceID: a.SourceID}
	if a.HasPrice {
		it.Price = wire.Some(a.Price)
	}
	return it
}

// lineShares are the shares of the order's discount that fall on its lines, or
// nil when there are none.
func (ev *evaluation) lineShares() []int64 {
	ev.lines = ev.lines[:0]
	some := false
	for i := range ev.result.Lines {
		share := ev.result.Lines[i].OrderShare
		some = some || share != 0
		ev.lines = append(ev.lines, share)
	}
	if !some {
		return nil
	}
	return ev.lines
}
