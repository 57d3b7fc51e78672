package catalog

import (
	"encoding/json"
	"maps"

	"github.com/scrip-engine/scrip/coupon"
)

// UpdateCampaign changes the fields it names and no others: what is left alone is
// not rewritten, so two people editing different fields both succeed. null
// clears. Metadata is merged key by key, and a key whose value is null goes.
type UpdateCampaign struct {
	Project  uint32 `json:"project"`
	Campaign uint32 `json:"campaign"`
	// Basis, when not 0, is the version that the caller looked at; another one is
	// Reevaluate. For checks that span fields, such as start before end.
	Basis       uint64                 `json:"basis,omitempty"`
	Name        Patch[string]          `json:"name,omitzero"`
	Description Patch[string]          `json:"description,omitzero"`
	Type        Patch[string]          `json:"type,omitzero"`
	Category    Patch[string]          `json:"category,omitzero"`
	CategoryID  Patch[string]          `json:"category_id,omitzero"`
	Start       Patch[int64]           `json:"start,omitzero"`
	End         Patch[int64]           `json:"end,omitzero"`
	Protected   Patch[bool]            `json:"protected,omitzero"`
	Metadata    Patch[json.RawMessage] `json:"metadata,omitzero"`
	Voucher     VoucherPatch           `json:"voucher,omitzero"`
}

// VoucherPatch changes what codes made from now on get, and what codes that refer
// to their campaign mean.
type VoucherPatch struct {
	Discount    Patch[[]byte]          `json:"discount,omitzero"`
	GiftAmount  Patch[int64]           `json:"gift_amount,omitzero"`
	GiftEffect  Patch[string]          `json:"gift_effect,omitzero"`
	Currency    Patch[string]          `json:"currency,omitzero"`
	Quantity    Patch[int64]           `json:"quantity,omitzero"` // cleared: Unlimited
	PerCustomer Patch[int64]           `json:"per_customer,omitzero"`
	HolderOnly  Patch[bool]            `json:"holder_only,omitzero"`
	CodeConfig  Patch[json.RawMessage] `json:"code_config,omitzero"`
}

func (*UpdateCampaign) kind() Kind { return KindUpdateCampaign }

func (b *UpdateCampaign) scope() (uint32, string) { return b.Project, "" }

func (b *UpdateCampaign) check() error {
	var c checker
	c.ordinal("project", b.Project)
	c.ordinal("campaign", b.Campaign)
	if name, ok := b.Name.Get(); ok {
		c.text("name", name, 1, RefBytesMax)
	}
	if campaignType, ok := b.Type.Get(); ok {
		c.word("type", campaignType)
	}
	c.that(!b.Name.IsClear(), "name", "cannot be cleared")
	c.that(!b.Type.IsClear(), "type", "cannot be cleared")
	c.text("description", b.Description.value, 0, DescriptionBytesMax)
	c.text("category", b.Category.value, 0, RefBytesMax)
	c.text("category_id", b.CategoryID.value, 0, RefBytesMax)
	c.atLeast("start", b.Start.value, 0)
	c.atLeast("end", b.End.value, 0)
	c.raw("metadata", b.Metadata.value, coupon.MetadataBytesMax)
	b.Voucher.check(&c)
	return c.err
}

func (p *VoucherPatch) check(c *checker) {
	c.that(len(p.Discount.value) <= RawBytesMax, "voucher.discount", "too long")
	c.atLeast("voucher.gift_amount", p.GiftAmount.value, 0)
	c.wordOrNone("voucher.gift_effect", p.GiftEffect.value)
	c.wordOrNone("voucher.currency", p.Currency.value)
	if quantity, ok := p.Quantity.Get(); ok {
		c.that(quantity == Unlimited || quantity >= 1, "voucher.quantity", "neither positive nor unlimited")
	}
	c.atLeast("voucher.per_customer", p.PerCustomer.value, 0)
	c.raw("voucher.code_config", p.CodeConfig.value, RawBytesMax)
}

func (b *UpdateCampaign) apply(x *txn) Reply {
	old := x.campaign(b.Project, b.Campaign)
	if old == nil {
		return refuse(coupon.ResourceNotFound)
	}
	if b.Basis != 0 && b.Basis != old.Version {
		return refuse(coupon.Reevaluate)
	}
	if name, ok := b.Name.Get(); ok && name != old.Name {
		if _, taken := x.next.campaignNames.at(keyName(b.Project, name)); taken {
			return refuse(coupon.DuplicateFound)
		}
	}
	m := *old
	changed := b.onto(&m)
	if len(m.Metadata) > coupon.MetadataBytesMax {
		return refuse(coupon.CapacityExceeded)
	}
	m.Updated, m.Version = x.next.now, x.next.index
	x.next.putCampaign(old, &m)
	x.raise(CampaignFence, m.Ordinal)
	x.record("campaign.updated", m.Project, m.ID, summary{Name: m.Name, Changed: changed})
	return x.doneIfRoom(m.ID, m.Ordinal)
}

// onto writes the patch into m and returns the names of the fields it touched.
func (b *UpdateCampaign) onto(m *Campaign) []string {
	var changed []string
	b.Name.onto(&m.Name, "name", &changed)
	b.Description.onto(&m.Description, "description", &changed)
	b.Type.onto(&m.Type, "type", &changed)
	b.Category.onto(&m.Category, "category", &changed)
	b.CategoryID.onto(&m.CategoryID, "category_id", &changed)
	b.Start.onto(&m.Start, "start", &changed)
	b.End.onto(&m.End, "end", &changed)
	b.Protected.onto(&m.Protected, "protected", &changed)
	if merge, ok := b.Metadata.Get(); ok {
		Set(mergeObjects(m.Metadata, merge)).onto(&m.Metadata, "metadata", &changed)
	} else {
		b.Metadata.onto(&m.Metadata, "metadata", &changed)
	}
	b.Voucher.onto(&m.Voucher, &changed)
	return changed
}

func (p *VoucherPatch) onto(s *VoucherSpec, changed *[]string) {
	p.Discount.onto(&s.Discount, "voucher.discount", changed)
	p.GiftAmount.onto(&s.GiftAmount, "voucher.gift_amount", changed)
	p.GiftEffect.onto(&s.GiftEffect, "voucher.gift_effect", changed)
	p.Currency.onto(&s.Currency, "voucher.currency", changed)
	quantity := p.Quantity
	if quantity.IsClear() {
		quantity = Set[int64](Unlimited)
	}
	quantity.onto(&s.Quantity, "voucher.quantity", changed)
	p.PerCustomer.onto(&s.PerCustomer, "voucher.per_customer", changed)
	p.HolderOnly.onto(&s.HolderOnly, "voucher.holder_only", changed)
	p.CodeConfig.onto(&s.CodeConfig, "voucher.code_config", changed)
}

// mergeObjects merges the top level of two JSON objects that were checked before;
// keys come out sorted, null removes one. Values are carried over as they stand.
func mergeObjects(into, merge json.RawMessage) json.RawMessage {
	merged := map[string]json.RawMessage{}
	for _, object := range []json.RawMessage{into, merge} {
		if len(object) == 0 {
			continue
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(object, &fields); err != nil {
			panic("C4: metadata passed its check and is no object: " + err.Error())
		}
		maps.Copy(merged, fields)
	}
	maps.DeleteFunc(merged, func(_ string, value json.RawMessage) bool { return string(value) == "null" })
	if len(merged) == 0 {
		return nil
	}
	out, err := marshal(merged)
	if err != nil {
		panic("C4: metadata that was read cannot be written: " + err.Error())
	}
	return out
}
