package coupon

import "log/slog"

// SecretBytes is the size of the cluster's secret.
const SecretBytes = 32

// Secret holds the keys under which a cluster places, numbers and remembers
// things. It is drawn once, when a cluster is born, is part of every backup and
// never rotated: another secret would put every code into another slot. It keeps
// outsiders from aiming load at one slot, from making ids and from computing the
// hash of a customer's address; it does not encrypt anything.
//
// The first half of the bytes places (codes, customers, counters). The second
// half is used for everything else through sub-keys derived per purpose, so no
// two purposes share a key. A Secret is immutable and safe for concurrent use.
type Secret struct {
	placement   sipKey
	keys        sipKey // idempotency keys
	fingerprint sipKey // parsed requests
	idOrder     sipKey // the permutation that hides an id's sequence
	idCheck     sipKey // the check that makes an id unforgeable
}

// The labels are part of every stored hash and every id: never change one.
const (
	labelKeys        = "scrip/1/idempotency-key"
	labelFingerprint = "scrip/1/fingerprint"
	labelIDOrder     = "scrip/1/id-order"
	labelIDCheck     = "scrip/1/id-check"
)

// NewSecret prepares the keys of a cluster's secret.
func NewSecret(b [SecretBytes]byte) *Secret {
	rest := newSipKey(b[16:])
	return &Secret{
		placement:   newSipKey(b[:16]),
		keys:        rest.derive(labelKeys),
		fingerprint: rest.derive(labelFingerprint),
		idOrder:     rest.derive(labelIDOrder),
		idCheck:     rest.derive(labelIDCheck),
	}
}

const secretText = "[secret]"

// String hides the keys from logs that print whole structures.
func (Secret) String() string { return secretText }

// GoString hides the keys from %#v.
func (Secret) GoString() string { return secretText }

// LogValue hides the keys from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(secretText) }
