package wire

// CustomerAnswer is a customer as every answer shows it.
type CustomerAnswer struct {
	ID          string          `json:"id"`
	SourceID    string          `json:"source_id,omitempty"`
	Name        string          `json:"name,omitempty"`
	Description string          `json:"description,omitempty"`
	Email       string          `json:"email,omitempty"`
	Phone       string          `json:"phone,omitempty"`
	Birthdate   string          `json:"birthdate,omitempty"`
	Birthday    string          `json:"birthday,omitempty"`
	Address     *Address        `json:"address"`
	Metadata    Raw             `json:"metadata"`
	Summary     CustomerSummary `json:"summary"`
	Loyalty     CustomerLoyalty `json:"loyalty"`
	CreatedAt   Time            `json:"created_at"`
	UpdatedAt   Time            `json:"updated_at,omitzero"`
	Object      string          `json:"object"` // customer
}

// CustomerSummary counts what a customer did.
type CustomerSummary struct {
	Redemptions CustomerRedemptions `json:"redemptions"`
	Orders      CustomerOrders      `json:"orders"`
}

// CustomerRedemptions counts a customer's redemptions. Refusals leave no record
// of their own, so the failed ones are 0.
type CustomerRedemptions struct {
	TotalRedeemed          int64        `json:"total_redeemed"`
	TotalFailed            int64        `json:"total_failed"`
	TotalSucceeded         int64        `json:"total_succeeded"`
	TotalRolledBack        int64        `json:"total_rolled_back"`
	TotalRollbackFailed    int64        `json:"total_rollback_failed"`
	TotalRollbackSucceeded int64        `json:"total_rollback_succeeded"`
	Gift                   CustomerGift `json:"gift"`
}

// CustomerGift sums a customer's gift cards, in minor units.
type CustomerGift struct {
	RedeemedAmount int64 `json:"redeemed_amount"`
	AmountToGo     int64 `json:"amount_to_go"`
}

// CustomerOrders sums a customer's orders as redemptions brought them.
type CustomerOrders struct {
	TotalAmount     int64 `json:"total_amount"`
	TotalCount      int64 `json:"total_count"`
	AverageAmount   int64 `json:"average_amount"`
	LastOrderAmount int64 `json:"last_order_amount"`
	LastOrderDate   Time  `json:"last_order_date,omitzero"`
}

// CustomerLoyalty is required by clients; this version keeps no points.
type CustomerLoyalty struct {
	Points            int64    `json:"points"`
	ReferredCustomers int64    `json:"referred_customers"`
	Campaigns         struct{} `json:"campaigns"`
}

// CustomerUpdate is the body of PUT /v1/customers/{id}. null clears a field.
type CustomerUpdate struct {
	ID          string       `json:"id,omitempty"`
	SourceID    string       `json:"source_id,omitempty"`
	Name        Opt[string]  `json:"name,omitzero" null:"keep"`
	Description Opt[string]  `json:"description,omitzero" null:"keep"`
	Email       Opt[string]  `json:"email,omitzero" null:"keep"`
	Phone       Opt[string]  `json:"phone,omitzero" null:"keep"`
	Birthdate   Opt[string]  `json:"birthdate,omitzero" null:"keep"`
	Birthday    Opt[string]  `json:"birthday,omitzero" null:"keep"`
	Address     Opt[Address] `json:"address,omitzero" null:"keep"`
	Metadata    Opt[Raw]     `json:"metadata,omitzero" null:"keep"`
}
