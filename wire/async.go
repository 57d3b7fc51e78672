package wire

// Values of AsyncAction.Status.
const (
	AsyncEnqueued   = "ENQUEUED"
	AsyncInProgress = "IN_PROGRESS"
	AsyncDone       = "DONE"
	AsyncFailed     = "FAILED"
)

// Types of jobs.
const (
	AsyncGenerate       = "CAMPAIGN.VOUCHERS_GENERATE"
	AsyncCampaignImport = "CAMPAIGN.VOUCHERS_IMPORT"
	AsyncVoucherImport  = "VOUCHERS.IMPORT"
	AsyncCampaignDelete = "CAMPAIGN.DELETE"
)

// Accepted is the 202 answer of a request that became a job.
type Accepted struct {
	AsyncActionID string `json:"async_action_id"`
}

// AsyncAction is a job and how far it is.
type AsyncAction struct {
	ID     string `json:"id"`
	Type   string `json:"type"`
	Status string `json:"status"`
	// OperationStatus names the stage of Status.
	OperationStatus string `json:"operation_status"`
	// Progress is the done part in percent, from what is applied.
	Progress int64 `json:"progress"`
	// ProcessingTime is in milliseconds since the job began.
	ProcessingTime int64        `json:"processing_time"`
	Result         *AsyncResult `json:"result,omitempty"`
	CreatedAt      Time         `json:"created_at"`
	UpdatedAt      Time         `json:"updated_at,omitzero"`
	Object         string       `json:"object"` // async_action
}

// AsyncResult counts what a job did: requested = done + failed once it is over.
type AsyncResult struct {
	Message     string     `json:"message,omitempty"`
	Requested   Opt[int64] `json:"requested_count,omitzero"`
	DoneCount   int64      `json:"done_count"`
	FailedCount int64      `json:"failed_count"`
	// Failed is never nil: the SDKs' type has it in every result.
	Failed []AsyncFailure `json:"failed"`
	// FailedTruncated is ours: Failed shows only the first of them.
	FailedTruncated bool `json:"failed_truncated,omitempty"`
}

// AsyncFailure is one row that was not done.
type AsyncFailure struct {
	Code   string `json:"code,omitempty"`
	Row    int64  `json:"row,omitempty"`
	Reason string `json:"reason"`
}
