package client

import (
	"iter"
	"net/url"
	"strconv"

	"github.com/scrip-engine/scrip/wire"
)

// Page asks for a part of a list. The zero value asks for the first ten elements
// in the list's own order.
type Page struct {
	Limit  int    // 1 to 100; 0 means the server's default, 10
	Cursor string // NextCursor of the page before
	// Order is the field to sort by, with "-" before it for the newest first.
	Order string
}

func (p Page) values() url.Values {
	v := url.Values{}
	if p.Limit != 0 {
		v.Set("limit", strconv.Itoa(p.Limit))
	}
	set(v, "cursor", p.Cursor)
	set(v, "order", p.Order)
	return v
}

// RedemptionQuery filters redemptions. Empty fields filter nothing.
type RedemptionQuery struct {
	Page
	Result   string // wire.ResultSuccess or wire.ResultFailure
	Campaign string // name or id
	Customer string // id or source id
	Voucher  string // code
	OrderID  string // id or source id of the order
	// After and Before bound the date: After inclusive, Before not.
	After, Before wire.Time
}

func (q RedemptionQuery) values() url.Values {
	v := q.Page.values()
	set(v, "result", q.Result)
	set(v, "campaign", q.Campaign)
	set(v, "customer", q.Customer)
	set(v, "voucher", q.Voucher)
	set(v, "order_id", q.OrderID)
	return between(v, q.After, q.Before)
}

// VoucherQuery filters vouchers. Empty fields filter nothing.
type VoucherQuery struct {
	Page
	Campaign string // name or id
	Holder   string // id or source id of the customer who holds it
	Code     string
	// After and Before bound the creation: After inclusive, Before not.
	After, Before wire.Time
}

func (q VoucherQuery) values() url.Values {
	v := q.Page.values()
	set(v, "campaign", q.Campaign)
	set(v, "holder_id", q.Holder)
	set(v, "code", q.Code)
	return between(v, q.After, q.Before)
}

// CampaignQuery filters campaigns.
type CampaignQuery struct {
	Page
	CampaignType string // wire.CampaignDiscountCoupons or wire.CampaignGiftVouchers
}

func (q CampaignQuery) values() url.Values {
	v := q.Page.values()
	set(v, "campaign_type", q.CampaignType)
	return v
}

// CustomerQuery filters customers. Empty fields filter nothing.
type CustomerQuery struct {
	Page
	Email, Name, City string
}

func (q CustomerQuery) values() url.Values {
	v := q.Page.values()
	set(v, "email", q.Email)
	set(v, "name", q.Name)
	set(v, "city", q.City)
	return v
}

func set(v url.Values, name, value string) {
	if value != "" {
		v.Set(name, value)
	}
}

func between(v url.Values, after, before wire.Time) url.Values {
	set(v, "created_at[after]", after.String())
	set(v, "created_at[before]", before.String())
	return v
}

// Each goes through a list page by page, from p on. read is one of the listing
// methods, closed over its query. It ends after the first error, and holds one
// page at a time.
//
//	for v, err := range client.Each(client.Page{Limit: 100}, func(p client.Page) (*wire.List[wire.Voucher], error) {
//		return c.Vouchers(ctx, client.VoucherQuery{Page: p, Campaign: "summer"})
//	}) { ... }
func Each[T any](p Page, read func(Page) (*wire.List[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			page, err := read(p)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, element := range page.Data {
				if !yield(element, nil) {
					return
				}
			}
			if !page.HasMore || page.NextCursor == "" {
				return
			}
			p.Cursor = page.NextCursor
		}
	}
}
