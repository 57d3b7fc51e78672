package wire

// VoucherCreate is the body of POST /v1/vouchers and POST /v1/vouchers/{code}.
type VoucherCreate struct {
	Code           string          `json:"code,omitempty" max:"1024"`
	Type           string          `json:"type,omitempty" enum:"DISCOUNT_VOUCHER,GIFT_VOUCHER" later:"LOYALTY_CARD,LUCKY_DRAW"`
	CodeConfig     *CodeConfig     `json:"code_config,omitempty"`
	Campaign       string          `json:"campaign,omitempty"`
	CampaignID     string          `json:"campaign_id,omitempty" max:"255"`
	Category       string          `json:"category,omitempty"`
	Discount       *Discount       `json:"discount,omitempty"`
	Gift           *Gift           `json:"gift,omitempty"`
	Redemption     RedemptionLimit `json:"redemption,omitzero"`
	StartDate      Time            `json:"start_date,omitzero"`
	ExpirationDate Time            `json:"expiration_date,omitzero"`
	Active         Opt[bool]       `json:"active,omitzero"`
	AdditionalInfo string          `json:"additional_info,omitempty"`
	Metadata       Raw             `json:"metadata,omitempty"`
	// HolderID is ours: only this customer, an id or a source id, may redeem.
	HolderID string `json:"holder_id,omitempty" max:"255"`
}

// VoucherImport is an element of POST /v1/vouchers/import and of
// POST /v1/campaigns/{id}/import, and a row of an imported CSV file.
type VoucherImport = VoucherCreate

// RedemptionLimit is how often a code may be redeemed.
type RedemptionLimit struct {
	// Quantity tells null from absent: null is unlimited, absent is the default
	// (1 for a discount code, unlimited for a gift card).
	Quantity Opt[int64] `json:"quantity,omitzero" null:"keep"`
	// PerCustomer is ours.
	PerCustomer Opt[int64] `json:"per_customer,omitzero"`
}

// IsZero reports that both are absent.
func (l RedemptionLimit) IsZero() bool { return !l.Quantity.Set && !l.PerCustomer.Set }

// CodeConfig shapes generated codes. Length is without prefix and postfix;
// Pattern overrides it, and each '#' of it is a random character.
type CodeConfig struct {
	Length  Opt[int64] `json:"length,omitzero"`
	Charset string     `json:"charset,omitempty"`
	Prefix  string     `json:"prefix,omitempty"`
	Postfix string     `json:"postfix,omitempty"`
	// Suffix is another name of Postfix, the one that the SDK's types have.
	Suffix  string `json:"suffix,omitempty"`
	Pattern string `json:"pattern,omitempty"`
}

// VoucherUpdate is the body of PUT /v1/vouchers/{code}. null clears a field.
type VoucherUpdate struct {
	Code           string              `json:"code,omitempty" max:"1024"`
	Category       Opt[string]         `json:"category,omitzero" null:"keep"`
	StartDate      Opt[Time]           `json:"start_date,omitzero" null:"keep"`
	ExpirationDate Opt[Time]           `json:"expiration_date,omitzero" null:"keep"`
	Active         Opt[bool]           `json:"active,omitzero"`
	AdditionalInfo Opt[string]         `json:"additional_info,omitzero" null:"keep"`
	Metadata       Opt[Raw]            `json:"metadata,omitzero" null:"keep"`
	Gift           *GiftAmount         `json:"gift,omitempty"`
	HolderID       Opt[string]         `json:"holder_id,omitzero" null:"keep" max:"255"`
	Redemption     RedemptionLimitEdit `json:"redemption,omitzero"`
}

// RedemptionLimitEdit changes limits; null means unlimited.
type RedemptionLimitEdit struct {
	Quantity    Opt[int64] `json:"quantity,omitzero" null:"keep"`
	PerCustomer Opt[int64] `json:"per_customer,omitzero" null:"keep"`
}

// IsZero reports that both are absent.
func (l RedemptionLimitEdit) IsZero() bool { return !l.Quantity.Set && !l.PerCustomer.Set }

// GiftAmount sets a gift card's amount.
type GiftAmount struct {
	Amount Opt[int64] `json:"amount,omitzero"`
}

// BalanceChange is the body of POST /v1/vouchers/{code}/balance. Amount is
// negative to take away.
type BalanceChange struct {
	Amount   Opt[int64] `json:"amount,omitzero" signed:"true"`
	SourceID string     `json:"source_id,omitempty" max:"255"`
	Reason   string     `json:"reason,omitempty"`
}

// BalanceResponse is its answer. Total is the sum of all that was ever put on
// the card, Balance what is left.
type BalanceResponse struct {
	Amount        int64     `json:"amount"`
	Total         int64     `json:"total"`
	Balance       int64     `json:"balance"`
	Type          string    `json:"type"`   // gift_voucher
	Object        string    `json:"object"` // balance
	OperationType string    `json:"operation_type"`
	RelatedObject ObjectRef `json:"related_object"`
}

// ObjectRef points at something by type and id.
type ObjectRef struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}
