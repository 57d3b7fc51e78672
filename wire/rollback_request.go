package wire

// RollbackRequest is the body of POST /v1/redemptions/{id}/rollback and
// …/rollbacks. The SDK sends reason and tracking_id in the query instead; the
// server puts them here.
type RollbackRequest struct {
	Reason     string    `json:"reason,omitempty"`
	TrackingID string    `json:"tracking_id,omitempty"`
	Customer   *Customer `json:"customer,omitempty"`
	Order      *Order    `json:"order,omitempty"`
	Metadata   Raw       `json:"metadata,omitempty"`
	// Amount is ours: how much of a gift card redemption to give back, in minor
	// units; absent means all that is left.
	Amount Opt[int64] `json:"amount,omitzero"`
}

var rollbackFields = fieldNames{"reason", "tracking_id", "customer", "order", "metadata", "amount"}

// Decode reads a body; an empty one is valid. The error is a *FieldError.
func (b *RollbackRequest) Decode(body []byte) error {
	*b = RollbackRequest{}
	var r reader
	if err := r.start(body); err != nil {
		return err
	}
	if err := r.finish(b.decode(&r)); err != nil {
		return err
	}
	return nil
}

func (b *RollbackRequest) decode(r *reader) *FieldError {
	var space []byte
	f := r.object(rollbackFields)
	for f.next() {
		switch f.index {
		case 0:
			f.done(r.text(&b.Reason, TextBytesMax))
		case 1:
			f.done(r.text(&b.TrackingID, IDBytesMax))
		case 2:
			b.Customer = new(Customer)
			f.done(b.Customer.decode(r, &space))
		case 3:
			b.Order = new(Order)
			f.done(b.Order.decode(r, &space))
		case 4:
			f.done(r.raw(&b.Metadata, &space))
		case 5:
			f.done(r.amount(&b.Amount))
		}
	}
	return f.err
}

// AppendJSON appends the body as a client sends it.
func (b *RollbackRequest) AppendJSON(dst []byte) []byte {
	w := writer{dst}
	w.open()
	w.optStr("reason", b.Reason)
	w.optStr("tracking_id", b.TrackingID)
	if b.Customer != nil {
		w.name("customer")
		b.Customer.append(&w)
	}
	if b.Order != nil {
		w.name("order")
		b.Order.append(&w)
	}
	w.optRaw("metadata", b.Metadata)
	w.optInt("amount", b.Amount)
	w.close()
	return w.buf
}
