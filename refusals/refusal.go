package refusals

import (
	"unicode/utf8"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/wire"
)

// Operation is what was refused. The numbers are on disk: never renumber.
type Operation uint8

// The operations. Only redemptions are kept in the ring.
const (
	Redemption Operation = 1
	Validation Operation = 2
)

// String returns the operation's name, as the API gives it.
func (o Operation) String() string {
	switch o {
	case Redemption:
		return wire.OperationRedemption
	case Validation:
		return wire.OperationValidation
	}
	return "other"
}

// Refusal is what Note is told. No string of it is kept.
type Refusal struct {
	Time      int64 // unix ms; 0 means now
	Operation Operation
	Key       string // of the error; one that wire does not know counts as "other"
	Project   uint32 // catalog ordinals; campaign 0 is none or unknown
	Campaign  uint32
	// Code is the text that was asked for. Its last four characters are kept (F5).
	Code     string
	Voucher  coupon.ID // with Seq 0 where no voucher was found
	Customer coupon.ID // zero for nobody, or one who is not known yet
	// Order is the source id of the order, RequestID the trace id. What is longer
	// than a request may have it is cut off.
	Order     string
	RequestID string
	// Scope is which limit was reached: a wire.Scope value, or empty.
	Scope string
}

// Record is a refusal as the ring kept it.
type Record struct {
	Ticket    uint64 // counts the refusals of redemptions since Open, from 1
	Time      int64  // unix ms
	Key       string
	Project   uint32
	Campaign  uint32
	CodeTail  string // the last four characters, or empty (F5)
	Voucher   coupon.ID
	Customer  coupon.ID
	Order     string
	RequestID string
	Scope     string
}

// scopes are wire's, by the number that the ring keeps.
var scopes = [...]string{"", wire.ScopeVoucher, wire.ScopeCustomer, wire.ScopeCampaign}

func scopeNumber(scope string) uint8 {
	for i, s := range scopes {
		if s == scope {
			return uint8(i)
		}
	}
	return 0
}

// tailChars is what may be shown of a code: enough to recognise one that is
// known, too little to redeem it.
const tailChars = 4

// tailOf returns the last characters of a code that has twice as many.
func tailOf(code string) string {
	if len(code) < 2*tailChars || utf8.RuneCountInString(code) < 2*tailChars {
		return ""
	}
	at := len(code)
	for range tailChars {
		_, n := utf8.DecodeLastRuneInString(code[:at])
		at -= n
	}
	return code[at:]
}

// other is the key of what wire does not know.
const other = "other"

// names number the error keys in memory. Files carry the text, because the
// table of keys grows from version to version. It does not change after Open.
type names struct {
	texts   []string
	numbers map[string]uint16
}

func newNames() *names {
	n := &names{numbers: map[string]uint16{}}
	n.add(other)
	for _, k := range wire.Keys() {
		n.add(k.Key)
	}
	return n
}

// namesMax is far above any version's table of keys; what a file has beyond it
// counts as other.
const namesMax = 4096

func (n *names) add(text string) uint16 {
	if i, ok := n.numbers[text]; ok {
		return i
	}
	if len(n.texts) == namesMax {
		return 0
	}
	i := uint16(len(n.texts))
	n.texts = append(n.texts, text)
	n.numbers[text] = i
	return i
}

// number returns 0, which is other, for what is not known.
func (n *names) number(text string) uint16 { return n.numbers[text] }
