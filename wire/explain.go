package wire

// ExplainRequest is the body of POST /v1/explain: that of a validation, and
// optionally the instant to decide for.
type ExplainRequest struct {
	RedeemRequest
	// Now is absent for the present.
	Now Time `json:"now,omitzero"`
}

var explainFields = fieldNames{"now"}

// Decode reads a body. The error is a *FieldError.
func (e *ExplainRequest) Decode(body []byte) error {
	if err := e.RedeemRequest.Decode(body); err != nil {
		return err
	}
	e.Now = 0
	var r reader
	if err := r.start(body); err != nil {
		return err
	}
	f := r.object(explainFields)
	for f.next() {
		f.done(r.time(&e.Now))
	}
	if err := r.finish(f.err); err != nil {
		return err
	}
	return nil
}

// AppendJSON appends the body as a client sends it.
func (e *ExplainRequest) AppendJSON(dst []byte) []byte {
	w := writer{e.RedeemRequest.AppendJSON(dst)}
	w.buf = w.buf[:len(w.buf)-1]
	w.optTime("now", e.Now)
	w.close()
	return w.buf
}

// ExplainResponse shows the decision with every check that led to it, in the
// order in which refusals take precedence (P6). Nothing is changed.
type ExplainResponse struct {
	Object string `json:"object"` // explanation
	Valid  bool   `json:"valid"`
	Code   string `json:"code"`
	// Key is the first refusal that applies, the one a redemption would get.
	Key    string           `json:"key,omitempty"`
	Now    Time             `json:"now"`
	Checks []ExplainCheck   `json:"checks"`
	Order  *OrderCalculated `json:"order,omitempty"`
	Gift   *GiftOffer       `json:"gift,omitempty"`
}

// ExplainCheck is one condition. Checks after the first that failed are still
// evaluated where they can be; Passed is absent where they cannot.
type ExplainCheck struct {
	Name   string    `json:"name"`
	Key    string    `json:"key"`
	Passed Opt[bool] `json:"passed,omitzero"`
	Actual string    `json:"actual,omitempty"`
	Wanted string    `json:"wanted,omitempty"`
}
