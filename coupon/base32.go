package coupon

// base32Alphabet is Crockford's, lower-case: no i, l, o and u, so an id read
// aloud or retyped is hard to get wrong. The values are in ASCII order.
const base32Alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// appendBase32 appends 80 bits, top first, as 16 characters.
func appendBase32(dst []byte, top uint16, low uint64) []byte {
	hi, lo := uint64(top)<<24|low>>40, low&(1<<40-1) // twice 40 bits = twice 8 characters
	for shift := 35; shift >= 0; shift -= 5 {
		dst = append(dst, base32Alphabet[hi>>shift&31])
	}
	for shift := 35; shift >= 0; shift -= 5 {
		dst = append(dst, base32Alphabet[lo>>shift&31])
	}
	return dst
}

// parseBase32 reads 16 characters back. Only the canonical form is taken:
// Crockford's reading of upper-case or look-alike letters would give one thing
// several names.
func parseBase32(text string) (top uint16, low uint64, ok bool) {
	var hi, lo uint64
	for i := range idChars {
		value := base32Value(text[i])
		if value > 31 {
			return 0, 0, false
		}
		if i < idChars/2 {
			hi = hi<<5 | uint64(value)
		} else {
			lo = lo<<5 | uint64(value)
		}
	}
	return uint16(hi >> 24), hi<<40 | lo, true
}

// base32Value is the value of one character, or 255.
func base32Value(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'h':
		return c - 'a' + 10
	case c == 'j' || c == 'k':
		return c - 'j' + 18
	case c == 'm' || c == 'n':
		return c - 'm' + 20
	case c >= 'p' && c <= 't':
		return c - 'p' + 22
	case c >= 'v' && c <= 'z':
		return c - 'v' + 27
	}
	return 255
}
