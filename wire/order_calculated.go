package wire

// OrderCalculated is an order as discounts left it. The sums hold:
// total_discount_amount = discount_amount + items_discount_amount,
// total_amount = amount − total_discount_amount, never below zero. The applied
// amounts are the part of them that this request's redeemable gave.
type OrderCalculated struct {
	ID                         string                `json:"id,omitempty"`
	SourceID                   string                `json:"source_id,omitempty"`
	Status                     string                `json:"status,omitempty"`
	Currency                   string                `json:"currency,omitempty"`
	Amount                     int64                 `json:"amount"`
	InitialAmount              Opt[int64]            `json:"initial_amount,omitzero"`
	DiscountAmount             Opt[int64]            `json:"discount_amount,omitzero"`
	ItemsDiscountAmount        Opt[int64]            `json:"items_discount_amount,omitzero"`
	TotalDiscountAmount        int64                 `json:"total_discount_amount"`
	TotalAmount                int64                 `json:"total_amount"`
	AppliedDiscountAmount      Opt[int64]            `json:"applied_discount_amount,omitzero"`
	ItemsAppliedDiscountAmount Opt[int64]            `json:"items_applied_discount_amount,omitzero"`
	TotalAppliedDiscountAmount int64                 `json:"total_applied_discount_amount"`
	Items                      []OrderItemCalculated `json:"items,omitempty"`
	Metadata                   Raw                   `json:"metadata"`
	CustomerID                 Nullable              `json:"customer_id"`
	ReferrerID                 Nullable              `json:"referrer_id"`
	CreatedAt                  Time                  `json:"created_at,omitzero"`
	UpdatedAt                  Time                  `json:"updated_at,omitzero"`
	Object                     string                `json:"object"` // order
}

// OrderItemCalculated is a line as discounts left it: SubtotalAmount is Amount
// less the line's discounts.
type OrderItemCalculated struct {
	OrderItem
	AppliedDiscountAmount      Opt[int64] `json:"applied_discount_amount,omitzero"`
	TotalAppliedDiscountAmount Opt[int64] `json:"total_applied_discount_amount,omitzero"`
	SubtotalAmount             Opt[int64] `json:"subtotal_amount,omitzero"`
	Object                     string     `json:"object"` // order_item
}

func (o *OrderCalculated) append(w *writer) {
	w.open()
	w.optStr("id", o.ID)
	w.optStr("source_id", o.SourceID)
	w.optStr("status", o.Status)
	w.optStr("currency", o.Currency)
	o.appendAmounts(w)
	if len(o.Items) > 0 {
		w.openList("items")
		for i := range o.Items {
			o.Items[i].append(w)
		}
		w.closeList()
	}
	w.raw("metadata", o.Metadata)
	w.nullStr("customer_id", o.CustomerID)
	w.nullStr("referrer_id", o.ReferrerID)
	w.optTime("created_at", o.CreatedAt)
	w.optTime("updated_at", o.UpdatedAt)
	w.str("object", o.Object)
	w.close()
}

func (o *OrderCalculated) appendMinimal(w *writer) {
	w.open()
	w.optStr("id", o.ID)
	w.optStr("source_id", o.SourceID)
	o.appendAmounts(w)
	w.str("object", o.Object)
	w.close()
}

func (o *OrderCalculated) appendAmounts(w *writer) {
	w.int("amount", o.Amount)
	w.optInt("initial_amount", o.InitialAmount)
	w.optInt("discount_amount", o.DiscountAmount)
	w.optInt("items_discount_amount", o.ItemsDiscountAmount)
	w.int("total_discount_amount", o.TotalDiscountAmount)
	w.int("total_amount", o.TotalAmount)
	w.optInt("applied_discount_amount", o.AppliedDiscountAmount)
	w.optInt("items_applied_discount_amount", o.ItemsAppliedDiscountAmount)
	w.int("total_applied_discount_amount", o.TotalAppliedDiscountAmount)
}

func (t *OrderItemCalculated) append(w *writer) {
	w.comma()
	w.open()
	t.appendFields(w)
	w.optInt("applied_discount_amount", t.AppliedDiscountAmount)
	w.optInt("total_applied_discount_amount", t.TotalAppliedDiscountAmount)
	w.optInt("subtotal_amount", t.SubtotalAmount)
	w.str("object", t.Object)
	w.close()
}
