package engine

import (
	"context"
	"encoding/binary"
	"encoding/csv"
	"io"
	"strconv"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/views"
	"github.com/scrip-engine/scrip/wire"
)

// Vouchers lists codes in order of creation, of the project, a campaign or a
// holder.
func (e *Engine) Vouchers(_ context.Context, c Call, q VoucherQuery) (*wire.List[wire.Voucher], error) {
	v, p, err := e.beginList(&c)
	if err != nil {
		return nil, err
	}
	if q.Code != "" {
		return e.oneVoucher(v, p, q.Code), nil
	}
	if q.Category != "" {
		return nil, c.field(wire.KeyNotSupported, "category", "lists of vouchers are filtered by campaign, customer or date")
	}
	cq := views.CodeQuery{Project: p.Ordinal, From: int64(q.After), Until: int64(q.Before), Limit: q.Limit}
	if q.Campaign != "" {
		campaign, ok := v.CampaignByRef(p.Ordinal, q.Campaign)
		if !ok {
			return emptyList[wire.Voucher](wire.ListVouchers), nil
		}
		cq.Campaign = campaign.Ordinal
	}
	if q.Customer != "" {
		var cv shard.CustomerView
		if !e.findCustomer(p, q.Customer, &cv) {
			return emptyList[wire.Voucher](wire.ListVouchers), nil
		}
		cq.Holder = cv.ID
	}
	if cq.Descending, err = c.descending(q.Order); err != nil {
		return nil, err
	}
	if cq.After, cq.Offset, err = e.startOf(&c, q.Page, cursorCodes); err != nil {
		return nil, err
	}
	page, err := e.views.Codes(cq)
	if err != nil {
		return nil, c.viewError(err)
	}
	out := emptyList[wire.Voucher](wire.ListVouchers)
	var l shard.Look
	for _, ref := range page.Codes {
		e.lookAt(p, ref, &l)
		out.Data = append(out.Data, *e.renderVoucher(v, &l.View))
	}
	fillPage(e, out, &page.PageInfo, cursorCodes)
	return out, nil
}

func (e *Engine) lookAt(p *catalog.Project, ref views.CodeRef, l *shard.Look) {
	e.shards[ref.Shard].law.Look(&shard.Query{Project: p.Ordinal, ByPlace: true, Slot: ref.Slot, Ordinal: ref.Ordinal}, l)
}

func (e *Engine) oneVoucher(v catalog.View, p *catalog.Project, code string) *wire.List[wire.Voucher] {
	out := emptyList[wire.Voucher](wire.ListVouchers)
	r := e.resolve(p, code, nil)
	var l shard.Look
	if r.look(&l); l.View.Found && l.View.Project == p.Ordinal && !e.gone(&l.View) {
		out.Data = append(out.Data, *e.renderVoucher(v, &l.View))
	}
	out.Total = int64(len(out.Data))
	return out
}

// exportPage is how many codes an export reads at a time.
const exportPage = 1000

// exportHeader are the columns of an export, in the names that an import reads.
var exportHeader = []string{"Code", "Voucher Type", "Active", "Redemption Quantity", "Redeemed Quantity",
	"Gift Amount", "Gift Balance", "Currency", "Start Date", "Expiration Date", "Holder Id", "Created At"}

// ExportCSV streams the codes of a campaign, or with "" of the project, in order
// of creation. It reads page by page, so its size has no limit; codes that are
// made meanwhile may be missing.
func (e *Engine) ExportCSV(ctx context.Context, c Call, campaign string, w io.Writer) error {
	v, p, err := e.beginList(&c)
	if err != nil {
		return err
	}
	q := views.CodeQuery{Project: p.Ordinal, Limit: exportPage}
	if campaign != "" {
		found, ok := v.CampaignByRef(p.Ordinal, campaign)
		if !ok {
			return c.missing("campaign", campaign)
		}
		q.Campaign = found.Ordinal
	}
	out := csv.NewWriter(w)
	if err := out.Write(exportHeader); err != nil {
		return c.asWire(err)
	}
	var l shard.Look
	for {
		if err := ctx.Err(); err != nil {
			return c.fail(wire.KeyUnavailable, err.Error())
		}
		page, err := e.views.Codes(q)
		if err != nil {
			return c.viewError(err)
		}
		for _, ref := range page.Codes {
			e.lookAt(p, ref, &l)
			if err := out.Write(exportRow(e.renderVoucher(v, &l.View))); err != nil {
				return c.asWire(err)
			}
		}
		out.Flush()
		if err := out.Error(); err != nil {
			return c.asWire(err)
		}
		if !page.More {
			return nil
		}
		q.After = page.Next
	}
}

func exportRow(v *wire.Voucher) []string {
	row := []string{v.Code, v.Type, strconv.FormatBool(v.Active), "", strconv.FormatInt(v.Redemption.RedeemedQuantity, 10),
		"", "", "", instantCell(v.StartDate), instantCell(v.ExpirationDate), v.HolderID, instantCell(v.CreatedAt)}
	if n, ok := v.Redemption.Quantity.Get(); ok {
		row[3] = strconv.FormatInt(n, 10)
	}
	if v.Gift != nil {
		row[5], row[6] = strconv.FormatInt(v.Gift.Amount.Value, 10), strconv.FormatInt(v.Gift.Balance.Value, 10)
		row[7] = v.Gift.Currency
	}
	return row
}

func instantCell(t wire.Time) string {
	if t == 0 {
		return ""
	}
	return coupon.FormatInstant(int64(t))
}

// Campaigns lists living campaigns.
func (e *Engine) Campaigns(_ context.Context, c Call, q CampaignQuery) (*wire.List[wire.Campaign], error) {
	v, p, err := e.beginList(&c)
	if err != nil {
		return nil, err
	}
	cq := catalog.Query[catalog.Campaign]{Project: p.Ordinal}
	if q.CampaignType != "" {
		cq.Match = func(c *catalog.Campaign) bool { return c.CampaignType == q.CampaignType }
	}
	if err := e.catalogPage(&c, q.Page, &cq.Descending, &cq.After, &cq.Offset, &cq.Limit); err != nil {
		return nil, err
	}
	page := v.ListCampaigns(cq)
	out := emptyList[wire.Campaign](wire.ListCampaigns)
	for _, item := range page.Items {
		out.Data = append(out.Data, *e.renderCampaign(v, item))
	}
	out.Total, out.HasMore = int64(page.Total), page.More
	if page.More {
		out.NextCursor = e.catalogCursor(page.Items[len(page.Items)-1].Ordinal)
	}
	return out, nil
}

// AsyncActions lists jobs.
func (e *Engine) AsyncActions(_ context.Context, c Call, p Page) (*wire.List[wire.AsyncAction], error) {
	v, project, err := e.beginList(&c)
	if err != nil {
		return nil, err
	}
	cq := catalog.Query[catalog.Job]{Project: project.Ordinal}
	if err := e.catalogPage(&c, p, &cq.Descending, &cq.After, &cq.Offset, &cq.Limit); err != nil {
		return nil, err
	}
	page := v.ListJobs(cq)
	out := emptyList[wire.AsyncAction](wire.ListAsyncActions)
	for _, item := range page.Items {
		out.Data = append(out.Data, *e.renderJob(item))
	}
	out.Total, out.HasMore = int64(page.Total), page.More
	if page.More {
		out.NextCursor = e.catalogCursor(page.Items[len(page.Items)-1].Ordinal)
	}
	return out, nil
}

// catalogPage reads a page of a list of catalog objects.
func (e *Engine) catalogPage(c *Call, p Page, desc *bool, after *uint32, offset, limit *int) (err error) {
	if *desc, err = c.descending(p.Order); err != nil {
		return err
	}
	*limit, *offset = p.Limit, max(p.Number-1, 0)*p.Limit
	if p.Cursor == "" {
		return nil
	}
	b, err := e.openCursor(c, cursorCatalog, p.Cursor)
	if err != nil {
		return err
	}
	if len(b) != 4 {
		return c.field(wire.KeyInvalidQueryParams, "cursor", "is not one that this list gave out")
	}
	*after, *offset = binary.LittleEndian.Uint32(b), 0
	return nil
}

func (e *Engine) catalogCursor(ordinal uint32) string {
	return e.sealCursor(cursorCatalog, binary.LittleEndian.AppendUint32(nil, ordinal))
}

// CampaignSummary counts a campaign's codes and redemptions, as of the views.
func (e *Engine) CampaignSummary(ctx context.Context, c Call, ref string) (*wire.CampaignSummary, error) {
	campaign, err := e.findCampaign(ctx, &c, ref, RoleViewer)
	if err != nil {
		return nil, err
	}
	n, asOf, err := e.views.CampaignCounts(campaign.Project, campaign.Ordinal)
	if err != nil {
		return nil, c.viewError(err)
	}
	return &wire.CampaignSummary{Object: "campaign_summary", CampaignID: campaign.ID, Name: campaign.Name,
		Vouchers: wire.CampaignVoucherCounts{Total: n.Issued - n.Deleted, Deleted: n.Deleted, Disabled: n.Disabled},
		Redemptions: wire.CampaignRedemptionCount{Succeeded: n.Redemptions, RolledBack: n.RolledBack,
			DiscountAmount: n.Discount - n.DiscountBack, GiftAmount: n.Gift - n.GiftBack, OrderAmount: n.Order},
		AsOf: wire.Time(asOf)}, nil
}
