package promo

import "github.com/scrip-engine/scrip/coupon"

// freeUnits makes UnitOff units free. ADD_MISSING_ITEMS frees units that the
// order already has, line by line in its order, and adds those that are
// missing; ADD_NEW_ITEMS adds all of them. What is added raises the order's
// amount and its discount alike, so the customer pays no more than before.
func (d *Discount) freeUnits(o *Order, r *Result) coupon.Outcome {
	wanted := d.UnitOff
	var off int64
	if d.Effect == AddMissingItems {
		wanted, off = d.freeUnitsOfOrder(o, r, wanted)
	}
	if wanted > 0 {
		added, ok := d.addUnits(o, r, wanted)
		if !ok {
			return coupon.InvalidAmount
		}
		off += added
	}
	r.settle(o, 0, off)
	return coupon.OK
}

// freeUnitsOfOrder frees up to wanted units of the lines that match, and gives
// how many are still wanted and what was taken off. What is taken off stops at
// what is left to pay: the order's own amount may be below the sum of its
// lines (M1).
func (d *Discount) freeUnitsOfOrder(o *Order, r *Result, wanted int64) (still, off int64) {
	allowance := r.remaining(o)
	for i := range o.Items {
		line := &r.Lines[i]
		if wanted == 0 {
			break
		}
		if line.Quantity == 0 || !d.matches(&o.Items[i]) {
			continue
		}
		units := min(wanted, line.Quantity)
		line.DiscountQuantity = units
		line.DiscountAmount = min(freed(line.Amount, units, line.Quantity), allowance-off)
		off += line.DiscountAmount
		wanted -= units
	}
	return wanted, off
}

// freed is what units of a line cost, rounded half up; all of them cost the
// line. units is at most quantity, which is above zero.
func freed(lineAmount, units, quantity int64) int64 {
	cost, ok := coupon.MulDivHalfUp(lineAmount, units, quantity)
	if !ok {
		panic("M5: some units of a line cost more than the line")
	}
	return cost
}

// addUnits puts count free units into the order: into the first matching line
// that is plainly quantity × price, else as a line of their own. It gives what
// they cost, which is also what is taken off; ok is false where the order would
// exceed coupon.AmountMax.
func (d *Discount) addUnits(o *Order, r *Result, count int64) (cost int64, ok bool) {
	price, into := d.unitPrice(o, r)
	cost, ok = coupon.MulAmount(price, count)
	if !ok || r.Amount+cost > coupon.AmountMax {
		return 0, false
	}
	if into < 0 {
		into = len(r.Lines)
		r.Lines = append(r.Lines, Line{})
		r.Added = append(r.Added, d.item(price, count))
	}
	line := &r.Lines[into]
	if line.Quantity+count > coupon.AmountMax || line.Amount+cost > coupon.AmountMax {
		return 0, false
	}
	line.Quantity += count
	line.DiscountQuantity += count
	line.Amount += cost
	line.DiscountAmount += cost
	r.Amount += cost
	return cost, true
}

// unitPrice says what one added unit costs and into which line it goes (−1: a
// line of its own). The order's price of the product wins over the one that the
// discount remembers: it is the price that this customer sees today. Unknown,
// it is zero, and the unit is free either way.
func (d *Discount) unitPrice(o *Order, r *Result) (price int64, into int) {
	for i := range o.Items {
		it := &o.Items[i]
		if !it.HasPrice || !d.matches(it) {
			continue
		}
		if plain, ok := coupon.MulAmount(it.Price, it.Quantity); ok && plain == r.Lines[i].Amount {
			return it.Price, i
		}
		return it.Price, -1
	}
	if d.SKU.HasPrice {
		return d.SKU.Price, -1
	}
	return d.Product.Price, -1
}

// matches says whether a line of the order is what the discount makes free. A
// discount on a SKU does not match other SKUs of the same product.
func (d *Discount) matches(it *Item) bool {
	if !d.SKU.Empty() {
		return d.names(it.SKUID, &d.SKU) || (it.SKUID == "" && d.names(it.SourceID, &d.SKU))
	}
	return d.names(it.ProductID, &d.Product) || d.names(it.SourceID, &d.Product) || d.names(it.SKUID, &d.Product)
}

// names says whether id is one of the ids under which the discount knows ref.
func (d *Discount) names(id string, ref *Ref) bool {
	return id != "" && (id == d.UnitType || id == ref.ID || id == ref.SourceID)
}

// item is the line that is added for free units.
func (d *Discount) item(price, quantity int64) Item {
	it := Item{Quantity: quantity, Price: price, HasPrice: true}
	switch {
	case !d.SKU.Empty():
		it.SKUID, it.SourceID, it.ProductID = d.UnitType, d.SKU.SourceID, d.Product.ID
		if d.SKU.ID != "" {
			it.SKUID = d.SKU.ID
		}
	default:
		it.ProductID, it.SourceID = d.UnitType, d.Product.SourceID
		if d.Product.ID != "" {
			it.ProductID = d.Product.ID
		}
	}
	return it
}
