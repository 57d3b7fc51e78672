package bench

// Shape is what requests of a run look like, in any protocol.
type Shape struct {
	Codes Codes
	// KeyPrefix begins every idempotency key, so that two runs share none.
	KeyPrefix string
	// Amount of every order, in minor units.
	Amount int64
	// Customers says that requests name theirs.
	Customers bool
	// Credits says that requests ask gift cards for credits.
	Credits bool
	// Full asks for whole answers; else for minimal ones.
	Full bool
	// Lists are what ListFirst and ListDeep ask for: paths of the API.
	Lists [2]string
}

const (
	// keyDigits number the keys of a run: 2^48 of them, in a fixed width so that
	// every request has one length.
	keyDigits = 12
	// customerDigits do the same for customers.
	customerDigits = 9
)

// AppendKey appends the idempotency key with a number.
func (s *Shape) AppendKey(dst []byte, key uint64) []byte {
	return appendHex(append(dst, s.KeyPrefix...), key, keyDigits)
}

// Key returns the idempotency key with a number.
func (s *Shape) Key(key uint64) string { return string(s.AppendKey(nil, key)) }

// AppendCustomer appends the source id of a customer.
func (s *Shape) AppendCustomer(dst []byte, customer uint64) []byte {
	return appendHex(append(dst, 'c'), customer, customerDigits)
}

func appendHex(dst []byte, n uint64, digits int) []byte {
	const alphabet = "0123456789abcdef"
	for i := digits - 1; i >= 0; i-- {
		dst = append(dst, alphabet[n>>(4*i)&15])
	}
	return dst
}
