package wire

// BatchResponse is the answer of POST /v1/redemptions/batch: one result for
// each item, in order.
type BatchResponse struct {
	Results []BatchResult `json:"results"`
}

// BatchResult is the status that the item would have had alone, and either the
// redemption or the error.
type BatchResult struct {
	Status     int         `json:"status"`
	Redemption *Redemption `json:"redemption,omitempty"`
	Error      *Error      `json:"error,omitempty"`
}

// AppendJSON appends the answer.
func (a *BatchResponse) AppendJSON(dst []byte) []byte { return a.append(dst, false) }

// AppendMinimal appends what "Prefer: return=minimal" asks for.
func (a *BatchResponse) AppendMinimal(dst []byte) []byte { return a.append(dst, true) }

func (a *BatchResponse) append(dst []byte, minimal bool) []byte {
	w := writer{dst}
	w.open()
	w.openList("results")
	for i := range a.Results {
		v := &a.Results[i]
		w.comma()
		w.open()
		w.int("status", int64(v.Status))
		switch {
		case v.Redemption == nil:
		case minimal:
			w.name("redemption")
			v.Redemption.appendMinimal(&w)
		default:
			w.name("redemption")
			v.Redemption.append(&w)
		}
		if v.Error != nil {
			w.name("error")
			w.buf = v.Error.AppendJSON(w.buf)
		}
		w.close()
	}
	w.closeList()
	w.close()
	return w.buf
}
