package wire

// Values of RedeemableResult.Status.
const (
	Applicable   = "APPLICABLE"
	Inapplicable = "INAPPLICABLE"
	Skipped      = "SKIPPED"
)

// ValidationResponse is the answer of POST /v1/validations: HTTP 200 also when
// Valid is false; then the refusal stands in the redeemable's result.
type ValidationResponse struct {
	Valid       bool               `json:"valid"`
	Redeemables []RedeemableResult `json:"redeemables"`
	Order       *OrderCalculated   `json:"order,omitempty"`
	TrackingID  string             `json:"tracking_id,omitempty"`
	// AsOf is ours: the instant for which the answer holds.
	AsOf          Time          `json:"as_of,omitzero"`
	StackingRules StackingRules `json:"stacking_rules"`
}

// RedeemableResult is the verdict on one redeemable.
type RedeemableResult struct {
	Status   string           `json:"status"`
	ID       string           `json:"id"`
	Object   string           `json:"object"`
	Order    *OrderCalculated `json:"order,omitempty"`
	Result   ResultDetails    `json:"result"`
	Voucher  *Voucher         `json:"voucher,omitempty"`
	Metadata Raw              `json:"metadata,omitempty"`
}

// ResultDetails is what the redeemable would give, or why it gives nothing.
type ResultDetails struct {
	Discount *Discount  `json:"discount,omitempty"`
	Gift     *GiftOffer `json:"gift,omitempty"`
	Error    *Error     `json:"error,omitempty"`
}

// GiftOffer is how much of a gift card would be taken, and what it holds.
type GiftOffer struct {
	Credits int64      `json:"credits"`
	Balance Opt[int64] `json:"balance,omitzero"`
}

// StackingRules say how several redeemables combine. Strict clients require
// every field.
type StackingRules struct {
	RedeemablesLimit               int64    `json:"redeemables_limit"`
	ApplicableLimit                int64    `json:"applicable_redeemables_limit"`
	ApplicablePerCategory          int64    `json:"applicable_redeemables_per_category_limit"`
	ApplicableExclusive            int64    `json:"applicable_exclusive_redeemables_limit"`
	ApplicableExclusivePerCategory int64    `json:"applicable_exclusive_redeemables_per_category_limit"`
	ExclusiveCategories            []string `json:"exclusive_categories"`
	JointCategories                []string `json:"joint_categories"`
	ApplicationMode                string   `json:"redeemables_application_mode"`
	SortingRule                    string   `json:"redeemables_sorting_rule"`
}

// OneRedeemable are the rules of this version: one redeemable a request.
func OneRedeemable() StackingRules {
	return StackingRules{
		RedeemablesLimit: 1, ApplicableLimit: 1, ApplicablePerCategory: 1, ApplicableExclusive: 1,
		ApplicableExclusivePerCategory: 1, ExclusiveCategories: []string{}, JointCategories: []string{},
		ApplicationMode: "ALL", SortingRule: "REQUESTED_ORDER",
	}
}

// VoucherValidation is the answer of the older POST /v1/vouchers/{code}/validate.
type VoucherValidation struct {
	Valid          bool             `json:"valid"`
	Code           string           `json:"code"`
	Campaign       string           `json:"campaign,omitempty"`
	CampaignID     string           `json:"campaign_id,omitempty"`
	Discount       *Discount        `json:"discount,omitempty"`
	Gift           *Gift            `json:"gift,omitempty"`
	Order          *OrderCalculated `json:"order,omitempty"`
	TrackingID     Nullable         `json:"tracking_id"`
	StartDate      Time             `json:"start_date,omitzero"`
	ExpirationDate Time             `json:"expiration_date,omitzero"`
	Metadata       Raw              `json:"metadata,omitempty"`
	// Reason and Error are there when Valid is false.
	Reason string `json:"reason,omitempty"`
	Error  *Error `json:"error,omitempty"`
}
