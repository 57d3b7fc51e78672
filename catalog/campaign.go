package catalog

import (
	"encoding/json"

	"github.com/scrip-engine/scrip/coupon"
)

// CreateCampaign opens a campaign. With a Job, the job that fills it is born in
// the same entry, so no crash leaves a campaign whose codes nobody makes.
type CreateCampaign struct {
	Project       uint32          `json:"project"`
	Name          string          `json:"name"`
	Description   string          `json:"description,omitempty"`
	CampaignType  string          `json:"campaign_type"`
	Type          string          `json:"type"`
	Category      string          `json:"category,omitempty"`
	CategoryID    string          `json:"category_id,omitempty"`
	Start         int64           `json:"start,omitempty"`
	End           int64           `json:"end,omitempty"`
	Inactive      bool            `json:"inactive,omitempty"`
	Protected     bool            `json:"protected,omitempty"`
	Metadata      json.RawMessage `json:"metadata,omitempty"`
	Voucher       VoucherSpec     `json:"voucher"`
	VouchersCount int64           `json:"vouchers_count,omitempty"`
	Job           *NewJob         `json:"job,omitempty"`
}

// SetCampaignEnabled switches a campaign. It raises the fence even when the
// campaign stands that way already: an earlier switch may not have been
// acknowledged yet, and this answer must not overtake it (P7).
type SetCampaignEnabled struct {
	Project  uint32 `json:"project"`
	Campaign uint32 `json:"campaign"`
	Enabled  bool   `json:"enabled"`
}

// DeleteCampaign leaves a tombstone: the name is free again, the id and the
// ordinal never are. A Job may come with it, to delete the codes.
type DeleteCampaign struct {
	Project  uint32  `json:"project"`
	Campaign uint32  `json:"campaign"`
	Job      *NewJob `json:"job,omitempty"`
}

func (*CreateCampaign) kind() Kind     { return KindCreateCampaign }
func (*SetCampaignEnabled) kind() Kind { return KindSetCampaignEnabled }
func (*DeleteCampaign) kind() Kind     { return KindDeleteCampaign }

func (b *CreateCampaign) scope() (uint32, string) { return b.Project, b.Name }
func (b *DeleteCampaign) scope() (uint32, string) { return b.Project, "" }

// scope tells the two operations apart: they share a kind, not their keys.
func (b *SetCampaignEnabled) scope() (uint32, string) {
	return b.Project, switched("campaign", b.Enabled)
}

func (b *CreateCampaign) check() error {
	var c checker
	c.ordinal("project", b.Project)
	c.text("name", b.Name, 1, RefBytesMax)
	c.text("description", b.Description, 0, DescriptionBytesMax)
	c.word("campaign_type", b.CampaignType)
	c.word("type", b.Type)
	c.text("category", b.Category, 0, RefBytesMax)
	c.text("category_id", b.CategoryID, 0, RefBytesMax)
	c.atLeast("start", b.Start, 0)
	c.atLeast("end", b.End, 0)
	c.raw("metadata", b.Metadata, coupon.MetadataBytesMax)
	c.atLeast("vouchers_count", b.VouchersCount, 0)
	b.Voucher.check(&c)
	b.Job.check(&c)
	return c.err
}

func (s *VoucherSpec) check(c *checker) {
	c.word("voucher.type", s.Type)
	c.that(len(s.Discount) <= RawBytesMax, "voucher.discount", "too long")
	c.atLeast("voucher.gift_amount", s.GiftAmount, 0)
	c.wordOrNone("voucher.gift_effect", s.GiftEffect)
	c.wordOrNone("voucher.currency", s.Currency)
	c.that(s.Quantity == Unlimited || s.Quantity >= 1, "voucher.quantity", "neither positive nor unlimited")
	c.atLeast("voucher.per_customer", s.PerCustomer, 0)
	c.raw("voucher.code_config", s.CodeConfig, RawBytesMax)
}

func (b *SetCampaignEnabled) check() error {
	var c checker
	c.ordinal("project", b.Project)
	c.ordinal("campaign", b.Campaign)
	return c.err
}

func (b *DeleteCampaign) check() error {
	var c checker
	c.ordinal("project", b.Project)
	c.ordinal("campaign", b.Campaign)
	b.Job.check(&c)
	return c.err
}

func (b *CreateCampaign) apply(x *txn) Reply {
	if x.project(b.Project) == nil {
		return refuse(coupon.ResourceNotFound)
	}
	if _, taken := x.next.campaignNames.at(keyName(b.Project, b.Name)); taken {
		return refuse(coupon.DuplicateFound)
	}
	if x.next.campaigns.size() >= CampaignsMax {
		return refuse(coupon.CapacityExceeded)
	}
	m := &Campaign{
		ID: x.mint(coupon.PrefixCampaign), Ordinal: uint32(x.next.campaigns.size()) + 1, Project: b.Project,
		Name: b.Name, Description: b.Description, CampaignType: b.CampaignType, Type: b.Type,
		Category: b.Category, CategoryID: b.CategoryID, Start: b.Start, End: b.End, Active: !b.Inactive,
		Protected: b.Protected, Metadata: b.Metadata, Voucher: b.Voucher, VouchersCount: b.VouchersCount,
		Created: x.next.now, Updated: x.next.now, Birth: x.next.index, Version: x.next.index,
	}
	x.next.putCampaign(nil, m)
	x.record("campaign.created", m.Project, m.ID, summary{Name: m.Name})
	if !x.addJob(b.Project, m.Ordinal, b.Job) {
		return refuse(coupon.CapacityExceeded)
	}
	return x.doneIfRoom(m.ID, m.Ordinal)
}

func (b *SetCampaignEnabled) apply(x *txn) Reply {
	old := x.campaign(b.Project, b.Campaign)
	if old == nil {
		return refuse(coupon.ResourceNotFound)
	}
	x.raise(CampaignFence, old.Ordinal)
	if old.Active == b.Enabled {
		return x.done(old.ID, old.Ordinal)
	}
	m := *old
	m.Active, m.Updated, m.Version = b.Enabled, x.next.now, x.next.index
	x.next.putCampaign(old, &m)
	x.record(switched("campaign", b.Enabled), m.Project, m.ID, summary{Name: m.Name})
	return x.done(m.ID, m.Ordinal)
}

func (b *DeleteCampaign) apply(x *txn) Reply {
	old := x.campaign(b.Project, b.Campaign)
	if old == nil {
		return refuse(coupon.ResourceNotFound)
	}
	m := *old
	m.Description, m.Metadata, m.Active = "", nil, false
	m.Deleted, m.Updated, m.Version = x.next.now, x.next.now, x.next.index
	x.next.putCampaign(old, &m)
	x.raise(CampaignFence, m.Ordinal)
	x.record("campaign.deleted", m.Project, m.ID, summary{Name: m.Name})
	if !x.addJob(b.Project, m.Ordinal, b.Job) {
		return refuse(coupon.CapacityExceeded)
	}
	return x.done(m.ID, m.Ordinal)
}
