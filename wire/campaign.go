package wire

// Kinds of campaigns, and how their codes come to be.
const (
	CampaignDiscountCoupons = "DISCOUNT_COUPONS"
	CampaignGiftVouchers    = "GIFT_VOUCHERS"

	CampaignStatic     = "STATIC"
	CampaignAutoUpdate = "AUTO_UPDATE"
	CampaignStandalone = "STANDALONE"
)

// Values of Campaign.VouchersGenerationStatus and CreationStatus.
const (
	GenerationDone       = "DONE"
	GenerationInProgress = "IN_PROGRESS"
	GenerationFailed     = "FAILED"
	GenerationDraft      = "DRAFT"
	GenerationModifying  = "MODIFYING"
)

// Campaign is a set of codes with common terms.
type Campaign struct {
	ID                       string           `json:"id"`
	Name                     string           `json:"name"`
	Description              string           `json:"description,omitempty"`
	CampaignType             string           `json:"campaign_type"`
	Type                     string           `json:"type"`
	Category                 string           `json:"category,omitempty"`
	AutoJoin                 bool             `json:"auto_join"`
	JoinOnce                 bool             `json:"join_once"`
	UseVoucherMetadataSchema bool             `json:"use_voucher_metadata_schema"`
	StartDate                Time             `json:"start_date,omitzero"`
	ExpirationDate           Time             `json:"expiration_date,omitzero"`
	Active                   bool             `json:"active"`
	Metadata                 Raw              `json:"metadata"`
	Voucher                  *CampaignVoucher `json:"voucher,omitempty"`
	VouchersCount            int64            `json:"vouchers_count"`
	Protected                bool             `json:"protected"`
	CreationStatus           string           `json:"creation_status"`
	VouchersGenerationStatus string           `json:"vouchers_generation_status"`
	ValidationAssignment     *Assignments     `json:"validation_rules_assignments,omitempty"`
	// AsyncActionID is ours: the job that makes the codes.
	AsyncActionID string `json:"async_action_id,omitempty"`
	CreatedAt     Time   `json:"created_at"`
	UpdatedAt     Time   `json:"updated_at,omitzero"`
	Object        string `json:"object"` // campaign
}

// CampaignVoucher is what every code of a campaign gives.
type CampaignVoucher struct {
	Type       string          `json:"type" enum:"DISCOUNT_VOUCHER,GIFT_VOUCHER" later:"LOYALTY_CARD,LUCKY_DRAW"`
	Discount   *Discount       `json:"discount,omitempty"`
	Gift       *Gift           `json:"gift,omitempty"`
	Redemption RedemptionLimit `json:"redemption,omitzero"`
	CodeConfig *CodeConfig     `json:"code_config,omitempty"`
	// HolderOnly is ours: only the customer that a code is allocated to may
	// redeem it; a code without a holder cannot be redeemed.
	HolderOnly Opt[bool] `json:"holder_only,omitzero"`
}

// CampaignCreate is the body of POST /v1/campaigns.
type CampaignCreate struct {
	Name           string           `json:"name"`
	Description    string           `json:"description,omitempty"`
	CampaignType   string           `json:"campaign_type,omitempty" enum:"DISCOUNT_COUPONS,GIFT_VOUCHERS" later:"PROMOTION,REFERRAL_PROGRAM,LOYALTY_PROGRAM,LUCKY_DRAW,GIVEAWAYS"`
	Type           string           `json:"type,omitempty" enum:"STATIC,AUTO_UPDATE,STANDALONE"`
	Category       string           `json:"category,omitempty"`
	StartDate      Time             `json:"start_date,omitzero"`
	ExpirationDate Time             `json:"expiration_date,omitzero"`
	Active         Opt[bool]        `json:"active,omitzero"`
	VouchersCount  Opt[int64]       `json:"vouchers_count,omitzero"`
	Voucher        *CampaignVoucher `json:"voucher,omitempty"`
	Metadata       Raw              `json:"metadata,omitempty"`
}

// CampaignUpdate is the body of PUT /v1/campaigns/{id}. null clears a field.
type CampaignUpdate struct {
	Description    Opt[string] `json:"description,omitzero" null:"keep"`
	Category       Opt[string] `json:"category,omitzero" null:"keep"`
	StartDate      Opt[Time]   `json:"start_date,omitzero" null:"keep"`
	ExpirationDate Opt[Time]   `json:"expiration_date,omitzero" null:"keep"`
	Type           string      `json:"type,omitempty" enum:"STATIC,AUTO_UPDATE,STANDALONE"`
	Metadata       Opt[Raw]    `json:"metadata,omitzero" null:"keep"`
}

// GenerateRequest is the body of POST /v1/campaigns/{id}/vouchers and of
// …/vouchers/{code}; what is absent is taken from the campaign.
type GenerateRequest struct {
	CodeConfig     *CodeConfig     `json:"code_config,omitempty"`
	Category       string          `json:"category,omitempty"`
	Gift           *Gift           `json:"gift,omitempty"`
	Redemption     RedemptionLimit `json:"redemption,omitzero"`
	StartDate      Time            `json:"start_date,omitzero"`
	ExpirationDate Time            `json:"expiration_date,omitzero"`
	Active         Opt[bool]       `json:"active,omitzero"`
	AdditionalInfo string          `json:"additional_info,omitempty"`
	Metadata       Raw             `json:"metadata,omitempty"`
	HolderID       string          `json:"holder_id,omitempty"`
}

// CampaignSummary is the answer of GET /v1/campaigns/{id}/summary, from
// maintained counters.
type CampaignSummary struct {
	Object      string                  `json:"object"` // campaign_summary
	CampaignID  string                  `json:"campaign_id"`
	Name        string                  `json:"name"`
	Vouchers    CampaignVoucherCounts   `json:"vouchers"`
	Redemptions CampaignRedemptionCount `json:"redemptions"`
	AsOf        Time                    `json:"as_of"`
}

// CampaignVoucherCounts counts the codes of a campaign.
type CampaignVoucherCounts struct {
	Total    int64 `json:"total"`
	Deleted  int64 `json:"deleted"`
	Disabled int64 `json:"disabled"`
}

// CampaignRedemptionCount counts and sums its redemptions, in minor units.
type CampaignRedemptionCount struct {
	Succeeded      int64 `json:"total_succeeded"`
	RolledBack     int64 `json:"total_rolled_back"`
	DiscountAmount int64 `json:"total_discount_amount"`
	GiftAmount     int64 `json:"total_gift_amount"`
	OrderAmount    int64 `json:"total_order_amount"`
}
