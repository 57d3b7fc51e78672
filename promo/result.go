package promo

// Result is what an evaluation says about an order. The names are those of the
// API's order object. Keep one for each goroutine and hand it to evaluation
// after evaluation: its slices are reused, and nothing is allocated once they
// are long enough. After a refusal it is empty.
type Result struct {
	// HasOrder is false where there was no order; the amounts of the order are
	// then unknown, not zero.
	HasOrder bool

	InitialAmount int64 // the order as it came
	Amount        int64 // with the units that were added

	DiscountAmount      int64 // off the order as a whole, earlier discounts included
	ItemsDiscountAmount int64 // off single items
	TotalDiscountAmount int64 // both

	AppliedDiscountAmount      int64 // off the order as a whole, by this evaluation
	ItemsAppliedDiscountAmount int64 // off single items, by this evaluation
	TotalAppliedDiscountAmount int64 // both

	TotalAmount int64 // Amount − TotalDiscountAmount: what is left to pay

	// UnitemisedDiscount is the share of AppliedDiscountAmount that falls on
	// the part of Amount that no line names. With it the lines add up (M2).
	UnitemisedDiscount int64

	// GiftMaximum is the most that a gift card may pay here, whatever its
	// balance: what is left to pay, or the credits that were asked for if they
	// are fewer. Apply takes min(balance, GiftMaximum).
	GiftMaximum int64

	// Lines has one Line for each item of the order, in its order, then one for
	// each of Added.
	Lines []Line
	// Added are units that the discount put into the order as lines of their own.
	Added []Item

	// Holds is the interval in which this result stays true. A discount alone
	// holds always; the caller intersects it with start and expiry.
	Holds Interval

	remainders []remainder // scratch of split
}

// Line is what a result says about one line of the order.
type Line struct {
	Quantity         int64 // with added units
	InitialQuantity  int64 // as the order came
	DiscountQuantity int64 // units that are free

	Amount         int64 // with added units
	InitialAmount  int64 // as the order came
	DiscountAmount int64 // off this line by itself
	OrderShare     int64 // this line's share of AppliedDiscountAmount
}

// SubtotalAmount is what the line costs after its own discount. It is the
// API's subtotal_amount: shares of the order's discount are not in it.
func (l *Line) SubtotalAmount() int64 { return l.Amount - l.DiscountAmount }

// TotalDiscountAmount is all that is taken off the line.
func (l *Line) TotalDiscountAmount() int64 { return l.DiscountAmount + l.OrderShare }

// TotalAmount is what is left to pay for the line.
func (l *Line) TotalAmount() int64 { return l.Amount - l.TotalDiscountAmount() }

// reset empties r and keeps its memory.
func (r *Result) reset() {
	clear(r.Added) // let go of the strings of the last order
	*r = Result{
		Lines: r.Lines[:0], Added: r.Added[:0], remainders: r.remainders[:0],
		Holds: Always(),
	}
}

// remaining is what earlier discounts left of the order: the base of the next.
func (r *Result) remaining(o *Order) int64 { return max(0, r.InitialAmount-o.AlreadyDiscounted) }

// settle writes the totals once the order-level and item-level discounts of
// this evaluation are known. Both together are at most what was remaining.
func (r *Result) settle(o *Order, order, items int64) {
	// Earlier discounts may exceed the order where its amount fell since. They
	// took nothing off units that are only added now.
	earlier := min(o.AlreadyDiscounted, r.InitialAmount)
	r.DiscountAmount = earlier + order
	r.ItemsDiscountAmount = items
	r.TotalDiscountAmount = earlier + order + items
	r.AppliedDiscountAmount = order
	r.ItemsAppliedDiscountAmount = items
	r.TotalAppliedDiscountAmount = order + items
	r.TotalAmount = r.Amount - r.TotalDiscountAmount
}
