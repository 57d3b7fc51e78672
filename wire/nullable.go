package wire

// Nullable is a string of an answer that is null when there is none, because
// strict clients require the field (W6).
type Nullable string

// MarshalJSON writes null for "".
func (s Nullable) MarshalJSON() ([]byte, error) {
	if s == "" {
		return []byte("null"), nil
	}
	return appendString(nil, string(s)), nil
}
