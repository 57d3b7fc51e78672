package coupon

import "strconv"

// outcomeInfo is what the world is told about one outcome.
type outcomeInfo struct {
	name    string // unique; the label in metrics and logs
	key     string // documented error key; two outcomes may share one
	status  int    // HTTP
	message string // default text for people; details come from the caller
}

// outcomeTable has one row for each outcome, at its number. A test walks the
// constants of outcome.go and fails for one that has no row here.
var outcomeTable = [...]outcomeInfo{
	OK: {"ok", "", 200, "Done."},

	NotFound:            {"not_found", "not_found", 404, "There is no such resource in this project."},
	VoucherDisabled:     {"voucher_disabled", "voucher_disabled", 400, "The voucher or its campaign is disabled."},
	VoucherNotActive:    {"voucher_not_active", "voucher_not_active", 400, "The voucher is not active yet."},
	VoucherExpired:      {"voucher_expired", "voucher_expired", 400, "The voucher has expired."},
	VoucherNotActiveNow: {"voucher_not_active_now", "voucher_not_active_now", 400, "The voucher is not active at this time."},
	MissingCustomer:     {"missing_customer", "missing_customer", 400, "The voucher can only be used by a known customer."},
	NotTheHolder:        {"not_the_holder", "customer_rules_violated", 400, "The voucher belongs to another customer."},
	MissingOrder:        {"missing_order", "missing_order", 400, "The discount needs an order."},
	MissingAmount:       {"missing_amount", "missing_amount", 400, "The discount needs the order's amount."},
	CurrencyMismatch:    {"currency_mismatch", "currency_mismatch", 400, "The order is in another currency."},
	OrderRules:          {"order_rules_violated", "order_rules_violated", 400, "The order does not meet the rules of the voucher."},
	CustomerRules:       {"customer_rules_violated", "customer_rules_violated", 400, "The customer does not meet the rules of the voucher."},
	RedemptionRules:     {"redemption_rules_violated", "redemption_rules_violated", 400, "The redemption does not meet the rules of the voucher."},
	QuantityExceeded:    {"quantity_exceeded", "quantity_exceeded", 400, "The voucher has no use left."},
	GiftAmountExceeded:  {"gift_amount_exceeded", "gift_amount_exceeded", 400, "The amount is above the balance of the gift card."},
	LockedBySession:     {"locked_by_session", "locked_by_session", 423, "The uses that are left are reserved by other sessions."},
	AlreadyRolledBack:   {"already_rolled_back", "already_rolled_back", 400, "The redemption was rolled back before."},
	DuplicateFound:      {"duplicate_found", "duplicate_found", 409, "A resource with this name exists."},
	KeyConflict:         {"idempotency_key_conflict", "idempotency_key_conflict", 409, "The idempotency key was used for another request."},
	InvalidAmount:       {"invalid_amount", "invalid_amount", 400, "The amount would take the balance below zero or above the largest amount."},
	InvalidRollback:     {"invalid_rollback_params", "invalid_rollback_params", 400, "The rollback is above what is left, or too late."},
	ResourceNotFound:    {"resource_not_found", "resource_not_found", 404, "Something that the request refers to does not exist."},
	CodeBlocked:         {"code_blocked", "code_blocked", 400, "The code was deleted a short while ago and cannot be used again yet."},
	CapacityExceeded:    {"capacity", "capacity", 503, "A limit of the machine is reached; nothing was done."},

	TooLate:    {"too_late", "", 500, "The command came too late; nothing was done."},
	Stale:      {"stale", "", 500, "The command was evaluated before a change of its campaign."},
	Reevaluate: {"reevaluate", "", 500, "The command was evaluated for another state."},
	Moved:      {"moved", "", 500, "The slot is owned by another shard."},
	LookAgain:  {"look_again", "", 500, "The command was looked up through an older part of the journal."},
}

// precedence is the order of P6. A conflict of the key comes first: the receipt
// is looked for before anything else, and its answer is final either way. What
// belongs to creating comes before what belongs to using, what belongs to giving
// back after it; capacity is last, since it is no property of the request.
var precedence = [...]Outcome{
	KeyConflict,
	NotFound, DuplicateFound, CodeBlocked, ResourceNotFound,
	VoucherDisabled, VoucherNotActive, VoucherExpired, VoucherNotActiveNow,
	MissingCustomer, NotTheHolder,
	MissingOrder, MissingAmount, CurrencyMismatch,
	OrderRules, CustomerRules, RedemptionRules,
	QuantityExceeded, GiftAmountExceeded,
	LockedBySession,
	AlreadyRolledBack, InvalidRollback, InvalidAmount,
	CapacityExceeded,
}

// Precedence returns every refusal in the order of P6, the winner first. The
// slice is the caller's.
func Precedence() []Outcome { return append([]Outcome(nil), precedence[:]...) }

// Before reports whether o is told rather than p when both apply. OK and the
// internal outcomes have no place in the order and are before nothing.
func (o Outcome) Before(p Outcome) bool {
	for _, candidate := range precedence {
		if candidate == p {
			return false
		}
		if candidate == o {
			return true
		}
	}
	return false
}

// String is the outcome's own name, unique, in the form used as a metric label.
func (o Outcome) String() string {
	if name := o.info().name; name != "" {
		return name
	}
	return "outcome_" + strconv.Itoa(int(o))
}

// Key is the documented error key, as in "voucher_expired"; empty for OK and for
// outcomes that never leave the engine.
func (o Outcome) Key() string { return o.info().key }

// HTTPStatus is the status of the answer. Internal outcomes give 500: one that
// reaches a caller is our mistake, and so is one that is not in the table.
func (o Outcome) HTTPStatus() int {
	if status := o.info().status; status != 0 {
		return status
	}
	return 500
}

// Message is the default text of the answer.
func (o Outcome) Message() string { return o.info().message }

// Internal reports whether the engine acts on o and asks again, so that no
// caller ever sees it.
func (o Outcome) Internal() bool { return o >= TooLate }

// Final reports whether o is an answer for the caller: a success or a refusal.
func (o Outcome) Final() bool { return o.info().name != "" && !o.Internal() }

// Refused reports whether o is final and not a success.
func (o Outcome) Refused() bool { return o != OK && o.Final() }

// info is the outcome's row; the zero row for a number without one, which a
// program meets when the log comes from a later version.
func (o Outcome) info() outcomeInfo {
	if int(o) < len(outcomeTable) {
		return outcomeTable[o]
	}
	return outcomeInfo{}
}
