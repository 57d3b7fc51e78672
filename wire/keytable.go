package wire

// Family says what a caller can do about an error.
type Family uint8

// The families. Only FamilyUnknown leaves the effect open (P5).
const (
	// FamilyRefusal: understood, and decided against. Asking again unchanged
	// gives the same answer until the state changes.
	FamilyRefusal Family = iota + 1
	// FamilyRequest: the request itself must change.
	FamilyRequest
	// FamilyRetry: not done; the same request may succeed after Retry-After.
	FamilyRetry
	// FamilyUnknown: may have happened; ask again with the same key.
	FamilyUnknown
	// FamilyReserved: a key of Voucherify's that this version never answers.
	FamilyReserved
)

// String returns the family's name, as the pages in docs/errors give it.
func (f Family) String() string {
	switch f {
	case FamilyRefusal:
		return "refusal"
	case FamilyRequest:
		return "request"
	case FamilyRetry:
		return "retry"
	case FamilyUnknown:
		return "unknown"
	case FamilyReserved:
		return "reserved"
	}
	return "invalid"
}

// Outcome returns the value of Error.Outcome.
func (f Family) Outcome() string {
	if f == FamilyUnknown {
		return Unknown
	}
	return NotDone
}

// KeyInfo is the row of one error key.
type KeyInfo struct {
	Key     string
	Status  int // HTTP
	Family  Family
	Message string
}

// Page returns the path of the key's help page below the documentation's root,
// for the answer's Link header.
func (k KeyInfo) Page() string { return "errors/" + k.Key }

// Lookup returns the row of a key.
func Lookup(key string) (KeyInfo, bool) {
	for i := range keyTable {
		if keyTable[i].Key == key {
			return keyTable[i], true
		}
	}
	return KeyInfo{}, false
}

// Keys returns all rows. The caller owns the slice.
func Keys() []KeyInfo { return append([]KeyInfo(nil), keyTable[:]...) }

// keyTable is the one place where a key gets its status. The refusals come
// first, so that the search for the keys of the hot path is short.
var keyTable = [...]KeyInfo{
	{KeyNotFound, 404, FamilyRefusal, "There is no such resource."},
	{KeyQuantityExceeded, 400, FamilyRefusal, "The voucher has no use left."},
	{KeyVoucherDisabled, 400, FamilyRefusal, "The voucher or its campaign is disabled."},
	{KeyVoucherNotActive, 400, FamilyRefusal, "The voucher is not active yet."},
	{KeyVoucherExpired, 400, FamilyRefusal, "The voucher has expired."},
	{KeyVoucherNotActiveNow, 400, FamilyRefusal, "The voucher is not active at this time."},
	{KeyMissingCustomer, 400, FamilyRefusal, "The voucher can only be redeemed by a known customer."},
	{KeyCustomerRulesViolated, 400, FamilyRefusal, "The customer may not redeem this voucher."},
	{KeyMissingOrder, 400, FamilyRefusal, "The voucher needs an order."},
	{KeyMissingAmount, 400, FamilyRefusal, "The order has no amount."},
	{KeyCurrencyMismatch, 400, FamilyRefusal, "The order is in another currency."},
	{KeyOrderRulesViolated, 400, FamilyRefusal, "The order does not meet the voucher's rules."},
	{KeyRedemptionRulesViolated, 400, FamilyRefusal, "The redemption does not meet the voucher's rules."},
	{KeyGiftAmountExceeded, 400, FamilyRefusal, "The gift card's balance is below the requested credits."},
	{KeyLockedBySession, 423, FamilyRefusal, "The voucher's remaining uses are reserved by other sessions."},

	{KeyAlreadyRolledBack, 400, FamilyRefusal, "The redemption has been rolled back."},
	{KeyInvalidRedemptionParent, 400, FamilyRefusal, "Part of a stacked redemption cannot be rolled back alone."},
	{KeyDuplicateFound, 409, FamilyRefusal, "A resource with this name or code exists."},
	{KeyDuplicateResourceKey, 409, FamilyRefusal, "A resource with this key exists."},
	{KeyIdempotencyKeyConflict, 409, FamilyRefusal, "The idempotency key was used for another request."},
	{KeyResourceNotFound, 404, FamilyRefusal, "Something that the request refers to does not exist."},
	{KeyCodeBlocked, 409, FamilyRefusal, "The code was deleted and cannot be used again yet."},
	{KeyNotApplicable, 400, FamilyRefusal, "The code cannot be applied."},

	{KeyInvalidPayload, 400, FamilyRequest, "The request body is not valid."},
	{KeyInvalidQueryParams, 400, FamilyRequest, "A query parameter is not valid."},
	{KeyQueryTooLarge, 400, FamilyRequest, "The query asks for too much at once."},
	{KeyInvalidIdempotencyKey, 400, FamilyRequest, "The idempotency key is not valid."},
	{KeyInvalidCode, 400, FamilyRequest, "The code is not valid."},
	{KeyInvalidCodeConfig, 400, FamilyRequest, "The code configuration is not valid."},
	{KeyInvalidVoucher, 400, FamilyRequest, "The voucher is not valid."},
	{KeyInvalidGift, 400, FamilyRequest, "The gift is not valid."},
	{KeyInvalidCampaignParams, 400, FamilyRequest, "The campaign is not valid."},
	{KeyInvalidCustomer, 400, FamilyRequest, "The customer is not valid."},
	{KeyInvalidOrder, 400, FamilyRequest, "The order is not valid."},
	{KeyInvalidAmount, 400, FamilyRequest, "The amount is not valid."},
	{KeyInvalidAddBalanceParams, 400, FamilyRequest, "The balance change is not valid."},
	{KeyInvalidRollbackParams, 400, FamilyRequest, "The rollback is not valid."},
	{KeyMissingOrderItems, 400, FamilyRequest, "The order has no items."},
	{KeyUnauthorized, 401, FamilyRequest, "The credentials are missing or not valid."},
	{KeyForbidden, 403, FamilyRequest, "The key is not allowed to do this."},
	{KeyMethodNotAllowed, 405, FamilyRequest, "The path does not take this method."},
	{KeyPayloadTooLarge, 413, FamilyRequest, "The request body is too large."},
	{KeyUnsupportedMediaType, 415, FamilyRequest, "The content type is not supported."},
	{KeyNotSupported, 400, FamilyRequest, "This version does not support this."},

	{KeyTooManyRequests, 429, FamilyRetry, "There are too many requests."},
	{KeyCapacity, 503, FamilyRetry, "A limit of the system is reached."},
	{KeyDiskFull, 503, FamilyRetry, "The disk is almost full."},
	{KeyUnavailable, 503, FamilyRetry, "The service cannot answer at the moment."},
	{KeyDraining, 503, FamilyRetry, "The server is shutting down."},
	{KeyClockJump, 503, FamilyRetry, "The server's clock jumped."},

	{KeyOutcomeUnknown, 504, FamilyUnknown, "The outcome is not known yet."},
	{KeyInternalError, 500, FamilyUnknown, "The server made an error."},

	{KeyInvalidExportParams, 400, FamilyReserved, "The export is not valid."},
	{KeyInvalidPublishParams, 400, FamilyReserved, "The publication is not valid."},
	{KeyInvalidValidationRules, 400, FamilyReserved, "The validation rules are not valid."},
	{KeyMultipleRequests, 429, FamilyReserved, "The same resource is being changed by another request."},
	{KeyNoVoucherSuitableForPublishing, 400, FamilyReserved, "The campaign has no voucher left to publish."},
	{KeyPromotionInactive, 400, FamilyReserved, "The promotion is disabled."},
	{KeyPromotionNotActiveNow, 400, FamilyReserved, "The promotion is not active at this time."},
	{KeyReferrerNotPermittedToRedeem, 400, FamilyReserved, "Referrers may not redeem their own code."},
}
