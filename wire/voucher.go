package wire

// Types of vouchers.
const (
	VoucherDiscount = "DISCOUNT_VOUCHER"
	VoucherGift     = "GIFT_VOUCHER"
	VoucherLoyalty  = "LOYALTY_CARD"
)

// Voucher is a code and what it gives, as every answer shows it.
type Voucher struct {
	ID         string    `json:"id"`
	Code       string    `json:"code"`
	Campaign   string    `json:"campaign,omitempty"`
	CampaignID string    `json:"campaign_id,omitempty"`
	Category   string    `json:"category,omitempty"`
	Type       string    `json:"type"`
	Discount   *Discount `json:"discount,omitempty"`
	Gift       *Gift     `json:"gift,omitempty"`
	StartDate  Time      `json:"start_date,omitzero"`
	// ExpirationDate is the first instant at which the code is expired.
	ExpirationDate Time   `json:"expiration_date,omitzero"`
	Active         bool   `json:"active"`
	AdditionalInfo string `json:"additional_info,omitempty"`
	Metadata       Raw    `json:"metadata"`
	IsReferralCode bool   `json:"is_referral_code"`
	HolderID       string `json:"holder_id,omitempty"`
	// Deleted is ours: the code is gone and its redemptions remain.
	Deleted              bool               `json:"deleted,omitempty"`
	Publish              *PublishSummary    `json:"publish,omitempty"`
	Redemption           *RedemptionSummary `json:"redemption,omitempty"`
	ValidationAssignment *Assignments       `json:"validation_rules_assignments,omitempty"`
	CreatedAt            Time               `json:"created_at"`
	UpdatedAt            Time               `json:"updated_at,omitzero"`
	Object               string             `json:"object"` // voucher
}

// RedemptionSummary says how often a voucher may be and was redeemed.
type RedemptionSummary struct {
	Object string `json:"object"` // list
	// Quantity is the limit; null means unlimited.
	Quantity         Opt[int64] `json:"quantity"`
	RedeemedQuantity int64      `json:"redeemed_quantity"`
	// RedeemedAmount is what was taken from a gift card.
	RedeemedAmount Opt[int64] `json:"redeemed_amount,omitzero"`
	// PerCustomer is ours: the limit for one customer.
	PerCustomer Opt[int64] `json:"per_customer,omitzero"`
	URL         string     `json:"url"`
}

// PublishSummary counts publications; this version makes none.
type PublishSummary struct {
	Object string `json:"object"` // list
	Count  int64  `json:"count"`
	URL    string `json:"url"`
}

// Assignments is the list of rules of a voucher or campaign. This version
// carries out none, and strict clients require the list.
type Assignments struct {
	Object  string `json:"object"`   // list
	DataRef string `json:"data_ref"` // data
	Data    []Raw  `json:"data"`
	Total   int64  `json:"total"`
}

// NoAssignments returns the empty list.
func NoAssignments() *Assignments {
	return &Assignments{Object: "list", DataRef: "data", Data: []Raw{}}
}

// AppendJSON appends the voucher.
func (v *Voucher) AppendJSON(dst []byte) []byte {
	w := writer{dst}
	v.append(&w)
	return w.buf
}

func (v *Voucher) append(w *writer) {
	w.open()
	w.str("id", v.ID)
	w.str("code", v.Code)
	w.optStr("campaign", v.Campaign)
	w.optStr("campaign_id", v.CampaignID)
	w.optStr("category", v.Category)
	w.str("type", v.Type)
	v.appendValue(w)
	w.optTime("start_date", v.StartDate)
	w.optTime("expiration_date", v.ExpirationDate)
	w.bool("active", v.Active)
	w.optStr("additional_info", v.AdditionalInfo)
	w.raw("metadata", v.Metadata)
	w.bool("is_referral_code", v.IsReferralCode)
	w.optStr("holder_id", v.HolderID)
	if v.Deleted {
		w.bool("deleted", true)
	}
	v.appendLists(w)
	w.time("created_at", v.CreatedAt)
	w.optTime("updated_at", v.UpdatedAt)
	w.str("object", v.Object)
	w.close()
}

func (v *Voucher) appendValue(w *writer) {
	if v.Discount != nil {
		w.name("discount")
		v.Discount.append(w)
	}
	if v.Gift != nil {
		w.name("gift")
		v.Gift.append(w)
	}
}

func (v *Voucher) appendLists(w *writer) {
	if p := v.Publish; p != nil {
		w.openField("publish")
		w.str("object", p.Object)
		w.int("count", p.Count)
		w.str("url", p.URL)
		w.close()
	}
	if s := v.Redemption; s != nil {
		w.openField("redemption")
		w.str("object", s.Object)
		if q, ok := s.Quantity.Get(); ok {
			w.int("quantity", q)
		} else {
			w.null("quantity")
		}
		w.int("redeemed_quantity", s.RedeemedQuantity)
		w.optInt("redeemed_amount", s.RedeemedAmount)
		w.optInt("per_customer", s.PerCustomer)
		w.str("url", s.URL)
		w.close()
	}
	if a := v.ValidationAssignment; a != nil {
		w.openField("validation_rules_assignments")
		w.str("object", a.Object)
		w.str("data_ref", a.DataRef)
		w.openList("data")
		for _, one := range a.Data {
			w.comma()
			w.buf = one.append(w.buf)
		}
		w.closeList()
		w.int("total", a.Total)
		w.close()
	}
}
