package wire

// AppendJSON appends the redemption.
func (v *Redemption) AppendJSON(dst []byte) []byte {
	w := writer{dst}
	v.append(&w)
	return w.buf
}

func (v *Redemption) append(w *writer) {
	w.open()
	w.str("id", v.ID)
	w.str("object", v.Object)
	w.time("date", v.Date)
	w.nullStr("customer_id", v.CustomerID)
	w.nullStr("tracking_id", v.TrackingID)
	w.raw("metadata", v.Metadata)
	w.optInt("amount", v.Amount)
	w.nullStr("redemption", v.Parent)
	w.str("result", v.Result)
	w.str("status", v.Status)
	w.optStr("failure_code", v.FailureCode)
	w.optStr("failure_message", v.FailureMessage)
	w.order("order", v.Order)
	v.Channel.append(w)
	w.customer(v.Customer)
	w.str("related_object_type", v.RelatedObjectType)
	w.str("related_object_id", v.RelatedObjectID)
	w.giftTaken(v.Gift)
	if v.Voucher != nil {
		w.name("voucher")
		v.Voucher.append(w)
	}
	v.appendTail(w)
	w.close()
}

func (v *Redemption) appendTail(w *writer) {
	w.optStr("idempotency_key", v.IdempotencyKey)
	if v.Replayed {
		w.bool("replayed", true)
	}
	w.optInt("rolled_back_amount", v.RolledBackAmount)
}

// AppendMinimal appends what "Prefer: return=minimal" asks for: the same shape
// with only ids, code, result, status, amounts and key.
func (v *Redemption) AppendMinimal(dst []byte) []byte {
	w := writer{dst}
	v.appendMinimal(&w)
	return w.buf
}

func (v *Redemption) appendMinimal(w *writer) {
	w.open()
	w.str("id", v.ID)
	w.str("object", v.Object)
	w.optStr("customer_id", string(v.CustomerID))
	w.optInt("amount", v.Amount)
	w.str("result", v.Result)
	w.str("status", v.Status)
	if v.Order != nil {
		w.name("order")
		v.Order.appendMinimal(w)
	}
	w.str("related_object_type", v.RelatedObjectType)
	w.str("related_object_id", v.RelatedObjectID)
	w.giftTaken(v.Gift)
	if v.Voucher != nil {
		w.openField("voucher")
		w.str("id", v.Voucher.ID)
		w.str("code", v.Voucher.Code)
		w.str("object", v.Voucher.Object)
		w.close()
	}
	v.appendTail(w)
	w.close()
}

func (c Channel) append(w *writer) {
	w.openField("channel")
	w.str("channel_id", c.ID)
	w.str("channel_type", c.Type)
	w.close()
}

// customer writes the field that is null for an anonymous redemption.
func (w *writer) customer(c *SimpleCustomer) {
	if c == nil {
		w.null("customer")
		return
	}
	w.openField("customer")
	w.str("id", c.ID)
	w.optStr("source_id", c.SourceID)
	w.optStr("name", c.Name)
	w.optStr("email", c.Email)
	w.optRaw("metadata", c.Metadata)
	w.str("object", c.Object)
	w.close()
}

func (w *writer) giftTaken(g *GiftTaken) {
	if g == nil {
		return
	}
	w.openField("gift")
	w.int("amount", g.Amount)
	w.close()
}

// order writes a calculated order, or null.
func (w *writer) order(name string, o *OrderCalculated) {
	if o == nil {
		w.null(name)
		return
	}
	w.name(name)
	o.append(w)
}

// AppendJSON appends the answer.
func (a *RedeemResponse) AppendJSON(dst []byte) []byte {
	w := writer{dst}
	w.open()
	w.openList("redemptions")
	for i := range a.Redemptions {
		w.comma()
		a.Redemptions[i].append(&w)
	}
	w.closeList()
	if a.Order != nil {
		w.order("order", a.Order)
	}
	w.close()
	return w.buf
}

// AppendMinimal appends the answer's minimal form. The order stands in the
// redemptions and is not repeated.
func (a *RedeemResponse) AppendMinimal(dst []byte) []byte {
	w := writer{dst}
	w.open()
	w.openList("redemptions")
	for i := range a.Redemptions {
		w.comma()
		a.Redemptions[i].appendMinimal(&w)
	}
	w.closeList()
	w.close()
	return w.buf
}
