package wire

// RedeemRequest is the body of POST /v1/redemptions, of POST /v1/validations
// and of the older POST /v1/vouchers/{code}/redemption and …/validate, whose
// code stands in the path. One value can be decoded into again and again and
// keeps its memory; it must not be copied after Decode, because Order and
// Customer may point into it.
type RedeemRequest struct {
	Redeemables []Redeemable `json:"redeemables,omitempty"`
	Order       *Order       `json:"order,omitempty"`
	Customer    *Customer    `json:"customer,omitempty"`
	TrackingID  string       `json:"tracking_id,omitempty"`
	Metadata    Raw          `json:"metadata,omitempty"`
	Options     Options      `json:"options,omitzero"`
	// Gift belongs to the older bodies; Decode of those puts it into Redeemables.
	Gift GiftUse `json:"gift,omitzero"`
	// IdempotencyKey is read in the items of a batch. Elsewhere the header
	// carries it, and this field is ignored.
	IdempotencyKey string `json:"idempotency_key,omitempty"`

	order    Order
	customer Customer
	space    []byte // canonical bytes of this request
	in       reader // lives here so that it is not allocated for each body
}

// ValidateRequest is the same shape: whoever validated redeems by sending the
// same body to the other path.
type ValidateRequest = RedeemRequest

// Options are what a request wants of the answer.
type Options struct {
	Expand []string `json:"expand,omitempty"`
}

// IsZero reports that nothing is wanted.
func (o Options) IsZero() bool { return len(o.Expand) == 0 }

// Values of Options.Expand.
var expandOptions = []string{"order", "redeemable", "redemption", "category", "validation_rules"}

var (
	requestFields = fieldNames{"redeemables", "order", "customer", "tracking_id", "metadata",
		"options", "gift", "idempotency_key", "session", "reward"}
	optionsFields = fieldNames{"expand"}
)

// Reset empties r and keeps its memory. What was decoded before is overwritten
// by the next Decode.
func (r *RedeemRequest) Reset() {
	items := r.order.Items[:0]
	clear(r.order.Items)
	*r = RedeemRequest{
		Redeemables: r.Redeemables[:0],
		Options:     Options{Expand: r.Options.Expand[:0]},
		space:       r.space[:0],
	}
	r.order.Items = items
}

// Decode reads a body that names its redeemables. The error is a *FieldError.
func (r *RedeemRequest) Decode(body []byte) error {
	if err := r.decodeBody(body); err != nil {
		return err
	}
	if len(r.Redeemables) == 0 {
		return fieldErr(KeyInvalidPayload, "redeemables", "must name a voucher")
	}
	return nil
}

// DecodeFor reads a body of the older paths, where code stands in the path.
func (r *RedeemRequest) DecodeFor(code string, body []byte) error {
	if err := r.decodeBody(body); err != nil {
		return err
	}
	if len(r.Redeemables) > 0 {
		return fieldErr(KeyInvalidPayload, "redeemables", "must be absent: the path names the voucher")
	}
	r.Redeemables = append(r.Redeemables, Redeemable{Object: ObjectVoucher, ID: code, Gift: r.Gift})
	r.Gift = GiftUse{}
	return nil
}

// decodeBody returns error, not *FieldError: a nil pointer in an interface
// would be taken for a failure.
func (r *RedeemRequest) decodeBody(body []byte) error {
	r.Reset()
	if err := r.in.start(body); err != nil {
		return err
	}
	if err := r.in.finish(r.decode(&r.in)); err != nil {
		return err
	}
	return nil
}

func (r *RedeemRequest) decode(in *reader) *FieldError {
	f := in.object(requestFields)
	for f.next() {
		switch f.index {
		case 0:
			f.done(in.redeemables(&r.Redeemables))
		case 1:
			r.Order = &r.order
			f.done(r.order.decode(in, &r.space))
		case 2:
			r.Customer = &r.customer
			f.done(r.customer.decode(in, &r.space))
		case 3:
			f.done(in.text(&r.TrackingID, IDBytesMax))
		case 4:
			f.done(in.raw(&r.Metadata, &r.space))
		case 5:
			f.done(r.Options.decode(in))
		case 6:
			f.done(r.Gift.decode(in))
		case 7:
			f.done(in.text(&r.IdempotencyKey, TextBytesMax))
		default:
			f.done(in.unbuilt("RedeemRequest", requestFields[f.index]))
		}
	}
	return f.err
}

func (o *Options) decode(r *reader) *FieldError {
	f := r.object(optionsFields)
	for f.next() {
		list := r.array(len(expandOptions))
		for list.next() {
			o.Expand = append(o.Expand, "")
			list.done(r.enum(&o.Expand[list.index], expandOptions))
		}
		f.done(list.err)
	}
	return f.err
}

// AppendJSON appends the body as a client sends it.
func (r *RedeemRequest) AppendJSON(dst []byte) []byte {
	w := writer{dst}
	r.append(&w)
	return w.buf
}

func (r *RedeemRequest) append(w *writer) {
	w.open()
	if len(r.Redeemables) > 0 {
		w.openList("redeemables")
		for i := range r.Redeemables {
			r.Redeemables[i].append(w)
		}
		w.closeList()
	}
	if r.Order != nil {
		w.name("order")
		r.Order.append(w)
	}
	if r.Customer != nil {
		w.name("customer")
		r.Customer.append(w)
	}
	w.optStr("tracking_id", r.TrackingID)
	w.optRaw("metadata", r.Metadata)
	if len(r.Options.Expand) > 0 {
		w.openField("options")
		w.openList("expand")
		for _, v := range r.Options.Expand {
			w.comma()
			w.buf = appendString(w.buf, v)
		}
		w.closeList()
		w.close()
	}
	if r.Gift.Credits.Set {
		w.openField("gift")
		w.optInt("credits", r.Gift.Credits)
		w.close()
	}
	w.optStr("idempotency_key", r.IdempotencyKey)
	w.close()
}
