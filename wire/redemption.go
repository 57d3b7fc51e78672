package wire

// Values of the result and status fields of redemptions and rollbacks.
const (
	ResultSuccess = "SUCCESS"
	ResultFailure = "FAILURE"

	StatusSucceeded  = "SUCCEEDED"
	StatusFailed     = "FAILED"
	StatusRolledBack = "ROLLED_BACK"
)

// Redemption is one use of a voucher. Fields that strict clients require and
// that have no value are null.
type Redemption struct {
	ID         string   `json:"id"`
	Object     string   `json:"object"` // redemption
	Date       Time     `json:"date"`
	CustomerID Nullable `json:"customer_id"`
	TrackingID Nullable `json:"tracking_id"`
	Metadata   Raw      `json:"metadata"`
	// Amount is what was taken from a gift card, and otherwise the order's
	// amount, in minor units.
	Amount Opt[int64] `json:"amount,omitzero"`
	// Parent is the redemption of the stack that this one belongs to.
	Parent            Nullable         `json:"redemption"`
	Result            string           `json:"result"`
	Status            string           `json:"status"`
	FailureCode       string           `json:"failure_code,omitempty"`
	FailureMessage    string           `json:"failure_message,omitempty"`
	Order             *OrderCalculated `json:"order"`
	Channel           Channel          `json:"channel"`
	Customer          *SimpleCustomer  `json:"customer"`
	RelatedObjectType string           `json:"related_object_type"` // voucher
	RelatedObjectID   string           `json:"related_object_id"`
	Gift              *GiftTaken       `json:"gift,omitempty"`
	Voucher           *Voucher         `json:"voucher,omitempty"`
	// IdempotencyKey is ours: the key that the POST answered here carried, in its
	// header or its item of a batch. No other answer has it, nor one to a request
	// whose key was taken from a field of its body: the server keeps a hash only.
	IdempotencyKey string `json:"idempotency_key,omitempty"`
	// Replayed is ours: this answer repeats an earlier one of the same key.
	Replayed bool `json:"replayed,omitempty"`
	// RolledBackAmount is ours: what rollbacks have given back of Amount.
	RolledBackAmount Opt[int64] `json:"rolled_back_amount,omitzero"`
}

// GiftTaken is what a redemption took from a gift card, or a rollback gave back.
type GiftTaken struct {
	Amount int64 `json:"amount"`
}

// Channel is who asked: the application id of the key.
type Channel struct {
	ID   string `json:"channel_id"`
	Type string `json:"channel_type"` // API
}

// SimpleCustomer names the customer of a redemption.
type SimpleCustomer struct {
	ID       string `json:"id"`
	SourceID string `json:"source_id,omitempty"`
	Name     string `json:"name,omitempty"`
	Email    string `json:"email,omitempty"`
	Metadata Raw    `json:"metadata,omitempty"`
	Object   string `json:"object"` // customer
}

// RedeemResponse is the answer of POST /v1/redemptions. With one redeemable
// there is no parent_redemption.
type RedeemResponse struct {
	Redemptions []Redemption     `json:"redemptions"`
	Order       *OrderCalculated `json:"order,omitempty"`
}
