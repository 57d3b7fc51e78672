package wire

// Types of gift card transactions.
const (
	CreditsAddition   = "CREDITS_ADDITION"
	CreditsRemoval    = "CREDITS_REMOVAL"
	CreditsRedemption = "CREDITS_REDEMPTION"
	CreditsRefund     = "CREDITS_REFUND"
)

// Transaction is an entry of a gift card's ledger. Their amounts sum up to the
// balance.
type Transaction struct {
	ID                   string             `json:"id"`
	SourceID             Nullable           `json:"source_id"`
	VoucherID            string             `json:"voucher_id"`
	CampaignID           Nullable           `json:"campaign_id"`
	Source               Nullable           `json:"source"`
	Reason               Nullable           `json:"reason"`
	Type                 string             `json:"type"`
	Details              TransactionDetails `json:"details"`
	RelatedTransactionID Nullable           `json:"related_transaction_id"`
	CreatedAt            Time               `json:"created_at"`
}

// TransactionDetails say what moved the money.
type TransactionDetails struct {
	Balance    TransactionBalance `json:"balance"`
	Order      *OrderRef          `json:"order,omitempty"`
	Redemption *IDRef             `json:"redemption,omitempty"`
	Rollback   *IDRef             `json:"rollback,omitempty"`
}

// TransactionBalance is the change and what stood after it, in minor units.
type TransactionBalance struct {
	Type          string    `json:"type"` // gift_voucher
	Total         int64     `json:"total"`
	Amount        int64     `json:"amount"`
	Object        string    `json:"object"` // balance
	Balance       int64     `json:"balance"`
	OperationType string    `json:"operation_type,omitempty"`
	RelatedObject ObjectRef `json:"related_object"`
}

// OrderRef points at an order.
type OrderRef struct {
	ID       string   `json:"id"`
	SourceID Nullable `json:"source_id"`
}

// IDRef points at something by its id.
type IDRef struct {
	ID string `json:"id"`
}
