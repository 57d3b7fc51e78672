package wire

// Error keys. Programs branch on them, so a key never changes its meaning; each
// has a row in keyTable and a page docs/errors/<key>.md.
const (
	// Refusals of a redemption or validation, in the order in which the first
	// that applies is answered (P6).
	KeyNotFound                = "not_found"
	KeyVoucherDisabled         = "voucher_disabled"
	KeyVoucherNotActive        = "voucher_not_active"
	KeyVoucherExpired          = "voucher_expired"
	KeyVoucherNotActiveNow     = "voucher_not_active_now"
	KeyMissingCustomer         = "missing_customer"
	KeyCustomerRulesViolated   = "customer_rules_violated"
	KeyMissingOrder            = "missing_order"
	KeyMissingAmount           = "missing_amount"
	KeyCurrencyMismatch        = "currency_mismatch"
	KeyOrderRulesViolated      = "order_rules_violated"
	KeyRedemptionRulesViolated = "redemption_rules_violated"
	KeyQuantityExceeded        = "quantity_exceeded"
	KeyGiftAmountExceeded      = "gift_amount_exceeded"
	KeyLockedBySession         = "locked_by_session"

	// Refusals of other changes.
	KeyAlreadyRolledBack       = "already_rolled_back"
	KeyInvalidRedemptionParent = "invalid_redemption_parent"
	KeyDuplicateFound          = "duplicate_found"
	KeyDuplicateResourceKey    = "duplicate_resource_key"
	KeyIdempotencyKeyConflict  = "idempotency_key_conflict"
	KeyResourceNotFound        = "resource_not_found"
	KeyCodeBlocked             = "code_blocked"
	KeyNotApplicable           = "not_applicable"

	// Requests that cannot be understood or are not allowed.
	KeyInvalidPayload          = "invalid_payload"
	KeyInvalidQueryParams      = "invalid_query_params"
	KeyQueryTooLarge           = "query_too_large"
	KeyInvalidIdempotencyKey   = "invalid_idempotency_key"
	KeyInvalidCode             = "invalid_code"
	KeyInvalidCodeConfig       = "invalid_code_config"
	KeyInvalidVoucher          = "invalid_voucher"
	KeyInvalidGift             = "invalid_gift"
	KeyInvalidCampaignParams   = "invalid_campaign_params"
	KeyInvalidCustomer         = "invalid_customer"
	KeyInvalidOrder            = "invalid_order"
	KeyInvalidAmount           = "invalid_amount"
	KeyInvalidAddBalanceParams = "invalid_add_balance_params"
	KeyInvalidRollbackParams   = "invalid_rollback_params"
	KeyMissingOrderItems       = "missing_order_items"
	KeyNotSupported            = "not_supported"
	KeyUnauthorized            = "unauthorized"
	KeyForbidden               = "forbidden"
	KeyMethodNotAllowed        = "method_not_allowed"
	KeyPayloadTooLarge         = "payload_too_large"
	KeyUnsupportedMediaType    = "unsupported_media_type"

	// Not done, and worth trying again after Retry-After.
	KeyTooManyRequests = "too_many_requests"
	KeyCapacity        = "capacity"
	KeyDiskFull        = "disk_full"
	KeyUnavailable     = "unavailable"
	KeyDraining        = "draining"
	KeyClockJump       = "clock_jump"

	// Unknown.
	KeyOutcomeUnknown = "outcome_unknown"
	KeyInternalError  = "internal_error"

	// Voucherify's keys for what this version does not carry out. They are here
	// so that the client knows them and no other meaning is given to them.
	KeyInvalidExportParams            = "invalid_export_params"
	KeyInvalidPublishParams           = "invalid_publish_params"
	KeyInvalidValidationRules         = "invalid_validation_rules"
	KeyMultipleRequests               = "multiple_requests"
	KeyNoVoucherSuitableForPublishing = "no_voucher_suitable_for_publication"
	KeyPromotionInactive              = "promotion_inactive"
	KeyPromotionNotActiveNow          = "promotion_not_active_now"
	KeyReferrerNotPermittedToRedeem   = "referrer_not_permitted_to_redeem"
)
