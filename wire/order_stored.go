package wire

// What is kept of an order lives in a journal record for ever, as the JSON of a
// request. The functions here write and read exactly that form.

// AppendJSON appends the order as a request has it.
func (o *Order) AppendJSON(dst []byte) []byte {
	w := writer{dst}
	o.append(&w)
	return w.buf
}

// AppendItems appends the lines of an order as a JSON array.
func AppendItems(dst []byte, items []OrderItem) []byte {
	w := writer{append(dst, '[')}
	for i := range items {
		w.comma()
		w.open()
		items[i].appendFields(&w)
		w.close()
	}
	w.closeList()
	return w.buf
}

// DecodeItems reads what AppendItems wrote. It keeps nothing of stored.
func DecodeItems(stored []byte) ([]OrderItem, error) {
	var r reader
	if err := r.start(append(append([]byte(`{"items":`), stored...), '}')); err != nil {
		return nil, err
	}
	var o Order
	var space []byte
	if err := r.finish(o.decode(&r, &space)); err != nil {
		return nil, err
	}
	return o.Items, nil
}
