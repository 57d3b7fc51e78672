package wire

// BatchRequest is the body of POST /v1/redemptions/batch. Its items stand
// alone: one that cannot be read has its own error and spoils no other.
type BatchRequest struct {
	Redemptions []BatchItem
}

// BatchItem is one redeem body with its key, or what is wrong with it.
type BatchItem struct {
	RedeemRequest
	// Invalid is set when this item could not be read; then the rest is not.
	Invalid *FieldError
}

var batchFields = fieldNames{"redemptions"}

// Decode reads a batch. The error is a *FieldError and concerns the batch as a
// whole: no JSON, no list, too many items. The items alias body.
func (b *BatchRequest) Decode(body []byte) error {
	b.Redemptions = nil
	var r reader
	if err := r.start(body); err != nil {
		return err
	}
	var spans [][]byte
	f := r.object(batchFields)
	for f.next() {
		list := r.array(BatchMax)
		for list.next() {
			r.d.Next() // moves over white space, so that the span begins with the value
			span, err := r.d.Raw()
			if err != nil {
				list.done(syntaxErr())
				continue
			}
			spans = append(spans, span)
		}
		f.done(list.err)
	}
	if err := r.finish(f.err); err != nil {
		return err
	}
	if len(spans) == 0 {
		return fieldErr(KeyInvalidPayload, "redemptions", "must have at least one item")
	}
	b.Redemptions = make([]BatchItem, len(spans))
	for i, span := range spans {
		b.Redemptions[i].decodeItem(i, span)
	}
	return nil
}

func (it *BatchItem) decodeItem(i int, span []byte) {
	if err := it.RedeemRequest.Decode(span); err != nil {
		//nolint:errorlint // Decode's contract names the type
		it.Invalid = under("redemptions"+indexed(i), err.(*FieldError))
		return
	}
	if !ValidKey(it.IdempotencyKey) && it.IdempotencyKey != "" {
		it.Invalid = fieldErr(KeyInvalidIdempotencyKey, "redemptions"+indexed(i)+".idempotency_key",
			"must have 1 to %d printable characters", KeyCharsMax)
	}
}

// AppendJSON appends the batch as a client sends it.
func (b *BatchRequest) AppendJSON(dst []byte) []byte {
	w := writer{dst}
	w.open()
	w.openList("redemptions")
	for i := range b.Redemptions {
		w.comma()
		b.Redemptions[i].append(&w)
	}
	w.closeList()
	w.close()
	return w.buf
}

// ValidKey reports whether s may be an idempotency key: 1 to KeyCharsMax
// characters without control characters.
func ValidKey(s string) bool {
	chars := 0
	for _, c := range s {
		if c < ' ' || c == 0x7f || c == '\uFFFD' {
			return false
		}
		chars++
	}
	return chars > 0 && chars <= KeyCharsMax
}
