package wire

// Project is the tenant that a key belongs to. Ours.
type Project struct {
	ID            string `json:"id"`
	Name          string `json:"name"`
	Currency      string `json:"currency"`
	CaseSensitive bool   `json:"case_sensitive"`
	// IdempotencySource is where a redemption's key comes from when no header
	// gives one: header, tracking_id or order.source_id.
	IdempotencySource string `json:"idempotency_source"`
	// RollbackWindowSeconds is how long a redemption may be rolled back; null is
	// without end.
	RollbackWindowSeconds Opt[int64] `json:"rollback_window_seconds"`
	CreatedAt             Time       `json:"created_at"`
	UpdatedAt             Time       `json:"updated_at,omitzero"`
	Object                string     `json:"object"` // project
}

// ProjectUpdate changes settings of a project; absent stays.
type ProjectUpdate struct {
	IdempotencySource     string     `json:"idempotency_source,omitempty" enum:"header,tracking_id,order.source_id"`
	RollbackWindowSeconds Opt[int64] `json:"rollback_window_seconds,omitzero" null:"keep"`
}
