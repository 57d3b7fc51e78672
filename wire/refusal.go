package wire

// Values of Refusal.Operation.
const (
	OperationRedemption = "redemption"
	OperationValidation = "validation"
)

// Refusal is one redemption that was refused, as the node that answers keeps it
// in memory. A refusal changes nothing, so it is in no list of redemptions.
type Refusal struct {
	Object string `json:"object"` // refusal
	// Key and LimitScope are those of the error that was answered.
	Key        string `json:"key"`
	LimitScope string `json:"limit_scope,omitempty"`
	// CodeLastFour are the last four characters of the code that was asked for;
	// absent for a short one.
	CodeLastFour  string `json:"code_last_four,omitempty"`
	VoucherID     string `json:"voucher_id,omitempty"`
	CampaignID    string `json:"campaign_id,omitempty"`
	CustomerID    string `json:"customer_id,omitempty"`
	OrderSourceID string `json:"order_source_id,omitempty"`
	RequestID     string `json:"request_id,omitempty"`
	CreatedAt     Time   `json:"created_at"`
}

// RefusalsKept says how far a list of refusals reaches.
type RefusalsKept struct {
	// Since is when this node began to keep them.
	Since Time `json:"since"`
	// Dropped counts the refusals since then that newer ones have replaced.
	Dropped int64 `json:"dropped"`
}

// RefusalCounts is the answer of GET /v1/refusals/counts: the counters of the
// node that answers.
type RefusalCounts struct {
	Object  string         `json:"object"`   // list
	DataRef string         `json:"data_ref"` // data
	Data    []RefusalCount `json:"data"`
	// Total is the sum of all counts, not the number of rows.
	Total int64 `json:"total"`
	// AsOf is the instant of the answer: every refusal before it is counted, but
	// for MayMissSeconds.
	AsOf Time `json:"as_of"`
	// Since is the earliest instant of which all counters are kept still.
	Since Time `json:"since"`
	// MayMissSeconds is how many seconds of refusals crashes may have taken out of
	// the range; 0 means that every one is counted.
	MayMissSeconds int64 `json:"may_miss_seconds"`
}

// RefusalCount counts the refusals of one step of time, campaign, key and
// operation.
type RefusalCount struct {
	// Time is when the step begins; absent when the whole range is one step.
	Time       Time   `json:"time,omitzero"`
	CampaignID string `json:"campaign_id,omitempty"`
	Key        string `json:"key"`
	// Operation is OperationRedemption or OperationValidation.
	Operation string `json:"operation"`
	Count     int64  `json:"count"`
}
