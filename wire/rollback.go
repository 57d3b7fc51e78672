package wire

// Rollback is the return of a redemption, whole or in part. It is the answer of
// POST /v1/redemptions/{id}/rollback and an entry of redemption lists.
type Rollback struct {
	ID         string   `json:"id"`
	Object     string   `json:"object"` // redemption_rollback
	Date       Time     `json:"date"`
	CustomerID Nullable `json:"customer_id"`
	TrackingID Nullable `json:"tracking_id"`
	Metadata   Raw      `json:"metadata"`
	// Amount is what this rollback gave back, in minor units.
	Amount Opt[int64] `json:"amount,omitzero"`
	// Redemption is the id of what was rolled back.
	Redemption        string           `json:"redemption"`
	Reason            Nullable         `json:"reason"`
	Result            string           `json:"result"`
	Status            string           `json:"status"`
	Order             *OrderCalculated `json:"order"`
	Channel           Channel          `json:"channel"`
	Customer          *SimpleCustomer  `json:"customer"`
	RelatedObjectType string           `json:"related_object_type"` // voucher
	RelatedObjectID   string           `json:"related_object_id"`
	Gift              *GiftTaken       `json:"gift,omitempty"`
	Voucher           *Voucher         `json:"voucher,omitempty"`
	// IdempotencyKey is as in Redemption.
	IdempotencyKey string `json:"idempotency_key,omitempty"`
	Replayed       bool   `json:"replayed,omitempty"`
}

// RollbacksResponse is the answer of POST /v1/redemptions/{id}/rollbacks. For a
// single redemption there is no parent_rollback.
type RollbacksResponse struct {
	Rollbacks []Rollback       `json:"rollbacks"`
	Order     *OrderCalculated `json:"order,omitempty"`
}

// AppendJSON appends the rollback.
func (v *Rollback) AppendJSON(dst []byte) []byte {
	w := writer{dst}
	v.append(&w)
	return w.buf
}

func (v *Rollback) append(w *writer) {
	w.open()
	w.str("id", v.ID)
	w.str("object", v.Object)
	w.time("date", v.Date)
	w.nullStr("customer_id", v.CustomerID)
	w.nullStr("tracking_id", v.TrackingID)
	w.raw("metadata", v.Metadata)
	w.optInt("amount", v.Amount)
	w.str("redemption", v.Redemption)
	w.nullStr("reason", v.Reason)
	w.str("result", v.Result)
	w.str("status", v.Status)
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
	w.optStr("idempotency_key", v.IdempotencyKey)
	if v.Replayed {
		w.bool("replayed", true)
	}
	w.close()
}

// AppendJSON appends the answer.
func (a *RollbacksResponse) AppendJSON(dst []byte) []byte {
	w := writer{dst}
	w.open()
	w.openList("rollbacks")
	for i := range a.Rollbacks {
		w.comma()
		a.Rollbacks[i].append(&w)
	}
	w.closeList()
	if a.Order != nil {
		w.order("order", a.Order)
	}
	w.close()
	return w.buf
}
