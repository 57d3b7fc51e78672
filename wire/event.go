package wire

// Types of events.
const (
	EventRedemptionSucceeded = "redemption.succeeded"
	EventRollbackSucceeded   = "redemption.rollback.succeeded"
	EventVoucherCreated      = "voucher.created"
	EventVoucherUpdated      = "voucher.updated"
	EventVoucherDeleted      = "voucher.deleted"
	EventVoucherEnabled      = "voucher.enabled"
	EventVoucherDisabled     = "voucher.disabled"
	EventGiftTransaction     = "voucher.gift.transaction.created"
	EventCampaignCreated     = "campaign.created"
	EventCampaignUpdated     = "campaign.updated"
	EventCampaignDeleted     = "campaign.deleted"
	EventCampaignEnabled     = "campaign.enabled"
	EventCampaignDisabled    = "campaign.disabled"
	EventVouchersGenerated   = "campaign.vouchers.generation.completed"
	EventCustomerCreated     = "customer.created"
	EventCustomerUpdated     = "customer.updated"
	EventCustomerDeleted     = "customer.deleted"
)

// Event is one change, in the envelope of webhooks. GET /v1/events lists them;
// GET /v1/events/stream sends them as they happen, with Cursor as the id of each
// server-sent event. Order is promised per code.
type Event struct {
	ID        string `json:"id"`
	Object    string `json:"object"` // event
	ProjectID string `json:"project_id"`
	Type      string `json:"type"`
	// Source is API, or the name of the job.
	Source string    `json:"source"`
	Data   EventData `json:"data"`
	// Cursor resumes GET /v1/events and GET /v1/events/stream right behind this
	// event.
	Cursor    string `json:"cursor"`
	CreatedAt Time   `json:"created_at"`
}

// EventData is what changed. Customers are named by id only.
type EventData struct {
	VoucherID    string     `json:"voucher_id,omitempty"`
	Code         string     `json:"code,omitempty"`
	CampaignID   string     `json:"campaign_id,omitempty"`
	CustomerID   string     `json:"customer_id,omitempty"`
	RedemptionID string     `json:"redemption_id,omitempty"`
	RollbackID   string     `json:"rollback_id,omitempty"`
	OrderID      string     `json:"order_id,omitempty"`
	JobID        string     `json:"async_action_id,omitempty"`
	Amount       Opt[int64] `json:"amount,omitzero"`
	Balance      Opt[int64] `json:"balance,omitzero"`
	Count        Opt[int64] `json:"count,omitzero"`
	Currency     string     `json:"currency,omitempty"`
}
