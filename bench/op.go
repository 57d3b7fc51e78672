package bench

// Kind is what a request asks for. Latencies are kept by kind.
type Kind uint8

// The kinds, in the order of a report.
const (
	Redeem Kind = iota
	Validate
	Rollback
	Batch
	Guess // a redemption of a code that does not exist
	ListFirst
	ListDeep
	kinds
)

// kindNames are the names in reports and flags.
var kindNames = [kinds]string{"redeem", "validate", "rollback", "batch", "guess", "list-first", "list-deep"}

// String returns the name in reports.
func (k Kind) String() string { return kindNames[k] }

// Changes reports whether a request of this kind changes something, so that one
// without an answer is unknown rather than failed (P5).
func (k Kind) Changes() bool {
	return k == Redeem || k == Rollback || k == Batch || k == Guess
}

// redeems reports whether a success of this kind is one or more redemptions.
func (k Kind) redeems() bool { return k == Redeem || k == Batch }

// Op is one request. The script fills it in, the protocol renders it, and it
// stays with its connection until the answer was judged.
type Op struct {
	Kind Kind
	// Code is the index of the code; of a batch, the first of Count in a row.
	Code uint64
	// Key numbers the idempotency key; the items of a batch have Key, Key+1, ….
	Key uint64
	// Customer numbers who asks; 0 is nobody.
	Customer uint64
	// Count is the number of redemptions in a batch.
	Count int
	// Credits is what a gift card is asked for; 0 for other codes.
	Credits int64
	// ID is the redemption to roll back. The bytes belong to the connection.
	ID []byte
	// Step is the script's own: how far a flow of several requests is.
	Step uint8
}

// Class is what became of a request (B2).
type Class uint8

// The classes.
const (
	Succeeded Class = iota
	Refused
	Unknown
	Failed
	classes
)

var classNames = [classes]string{"succeeded", "refused", "unknown", "failed"}

// String returns the name in reports.
func (c Class) String() string { return classNames[c] }

// Verdict is an answer as it was understood.
type Verdict struct {
	Class Class
	// Name is the key of a refusal, or the kind of a failure. It may alias the
	// answer.
	Name []byte
	// IDs are the hashes (XXH64) of the redemptions that the answer acknowledges; a
	// batch has as many as succeeded. Of ten million hashes two collide once in
	// 370,000 runs. Items says which item of the batch each is; 0 when alone.
	IDs   []uint64
	Items []int
	// Refusals counts the refused items of a batch, and LostItems says which of
	// them got no certain answer.
	Refusals  int
	LostItems []int
	// ID is the text of the first redemption, for a rollback. It aliases the
	// answer.
	ID []byte
	// Amount is what a gift card gave.
	Amount int64
}

func (v *Verdict) reset() {
	*v = Verdict{IDs: v.IDs[:0], Items: v.Items[:0], LostItems: v.LostItems[:0]}
}

// lost makes v the verdict on a request that got no answer.
func (v *Verdict) lost(k Kind, why string) {
	v.reset()
	v.Class, v.Name = Failed, []byte(why)
	if k.Changes() {
		v.Class = Unknown
	}
}

// Reply is one whole answer.
type Reply struct {
	// Status is the protocol's own: of HTTP, the status code.
	Status int
	// Body aliases the buffer of the connection until the answer was judged.
	Body []byte
	// Close says that the server will close the connection.
	Close bool
}

// Protocol is the language of a target. Each lane has one, so it may keep
// scratch memory; it need not be safe for concurrent use.
type Protocol interface {
	// AppendRequest renders op.
	AppendRequest(dst []byte, op *Op) []byte
	// ParseReply looks for one whole answer at the start of in and says how many
	// bytes it took, or 0 when there is not enough yet.
	ParseReply(in []byte, r *Reply) (int, error)
	// Judge reads an answer into v, which was reset.
	Judge(op *Op, r *Reply, v *Verdict)
}

// Script says what a lane asks for. It need not be safe for concurrent use.
type Script interface {
	// Next fills op, which was zeroed but for ID's memory; false when there is
	// nothing left to ask.
	Next(op *Op) bool
	// Done learns what became of op. True makes the same connection send op
	// again at once, as Done has changed it: the next step of a flow.
	Done(op *Op, v *Verdict) bool
}
