package coupon

// Outcome is what became of a request that was understood: a success or the
// first refusal that applies, in the one order that every part of Scrip keeps
// (P6). The numbers are part of the log format and of metrics: never renumber,
// only append; the order of precedence is the order of Precedence below.
type Outcome uint16

const (
	// OK: done, durable, and the ids and amounts in the answer are final.
	OK Outcome = 0

	NotFound            Outcome = 1  // no such code, id or path in the project
	VoucherDisabled     Outcome = 2  // the code, its campaign or both are switched off
	VoucherNotActive    Outcome = 3  // before its start
	VoucherExpired      Outcome = 4  // at or after its end
	VoucherNotActiveNow Outcome = 5  // outside a recurring window
	MissingCustomer     Outcome = 6  // holder-only or limited per customer, and no customer
	NotTheHolder        Outcome = 7  // holder-only, and another customer
	MissingOrder        Outcome = 8  // the discount needs an order
	MissingAmount       Outcome = 9  // the order has no amount
	CurrencyMismatch    Outcome = 10 // the order or card is in another currency
	OrderRules          Outcome = 11 // a validation rule about the order
	CustomerRules       Outcome = 12 // a validation rule about the customer
	RedemptionRules     Outcome = 13 // a validation rule about redemptions
	QuantityExceeded    Outcome = 14 // the code, or this customer, has no use left
	GiftAmountExceeded  Outcome = 15 // explicit credits above the balance
	LockedBySession     Outcome = 16 // uses are left, but reserved by other sessions
	AlreadyRolledBack   Outcome = 17 // nothing of the redemption is left to give back
	DuplicateFound      Outcome = 18 // the code, campaign or alias exists
	KeyConflict         Outcome = 19 // the idempotency key was used for another request
	InvalidAmount       Outcome = 20 // a balance change that would go below zero or overflow
	InvalidRollback     Outcome = 21 // a rollback above what is left, or outside the window
	ResourceNotFound    Outcome = 22 // something that a request refers to does not exist
	CodeBlocked         Outcome = 23 // a deleted code whose receipts are still remembered
	CapacityExceeded    Outcome = 24 // a growth limit inside the machine (P10)

	// The answers below never leave the engine: it acts on them and asks again.

	TooLate    Outcome = 64 // stamped after not_after: not done, and it never will be (P5)
	Stale      Outcome = 65 // evaluated before a fence was raised (P7)
	Reevaluate Outcome = 66 // outside the interval or the basis it was evaluated for (P9)
	Moved      Outcome = 67 // the slot is not owned here
	LookAgain  Outcome = 68 // looked through an older seal of the journal
)
