package test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/client"
	"github.com/scrip-engine/scrip/wire"
)

// surface is a started server behind a recorder, with a client of each kind.
type surface struct {
	*testing.T
	ctx context.Context
	c   *client.Client
	url string
	raw *http.Client
}

// Without this a route is described and never tried, or the Go client and the
// server drift apart (B2).
func TestGoClient(t *testing.T) {
	s := start(t, t.TempDir())
	r := record(s)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	stories := []struct {
		name string
		tell func(*surface)
	}{
		{"vouchers", tellVouchers}, {"campaigns and jobs", tellCampaigns}, {"redemptions", tellRedemptions},
		{"rollbacks", tellRollbacks}, {"idempotency", tellIdempotency}, {"batch", tellBatch},
		{"refusals in order", tellPrecedence}, {"customers", tellCustomers}, {"keys", tellKeys},
		{"project", tellProject}, {"what was refused", tellRefused}, {"events", tellEvents}, {"older paths", tellOlderPaths},
	}
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			story.tell(&surface{T: t, ctx: t.Context(), url: r.proxy.URL, raw: &http.Client{Transport: transport, Timeout: waitMax},
				c: clientOf(t, r.proxy.URL, transport, client.Retry{Attempts: 1})})
		})
	}
	if names := r.contract.undone(); len(names) > 0 {
		t.Errorf("described, and not once used with success: %v", names)
	}
}

func (s *surface) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *surface) refused(err error, key string) {
	s.Helper()
	if keyOf(err) != key {
		s.Errorf("got %v, want %s", err, key)
	}
}

func (s *surface) voucher(code string, change func(*wire.VoucherCreate)) *wire.Voucher {
	s.Helper()
	req := &wire.VoucherCreate{Type: wire.VoucherDiscount, Discount: &wire.Discount{Type: wire.DiscountAmount, AmountOff: wire.Some[int64](300)}}
	if change != nil {
		change(req)
	}
	v, err := s.c.CreateVoucher(s.ctx, code, req)
	s.ok(err)
	return v
}

func (s *surface) redeem(code, customer string, amount int64, opts ...client.Option) (*wire.Redemption, error) {
	return s.c.RedeemCode(s.ctx, code, customer, &wire.Order{Amount: wire.Some(amount)}, opts...)
}

// post sends JSON as no client of ours would, and returns status and answer.
func (s *surface) send(method, path, contentType, body string) (int, string) {
	s.Helper()
	req, err := http.NewRequestWithContext(s.ctx, method, s.url+path, strings.NewReader(body))
	s.ok(err)
	req.Header.Set("X-App-Id", appID)
	req.Header.Set("X-App-Token", appToken)
	req.Header.Set("Content-Type", contentType)
	res, err := s.raw.Do(req)
	s.ok(err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	s.ok(err)
	return res.StatusCode, string(answer)
}

func tellVouchers(s *surface) {
	made := s.voucher("V-1", func(v *wire.VoucherCreate) {
		v.Metadata = wire.Raw(`{"shop":"Ulm"}`)
		v.Redemption.Quantity = wire.Some[int64](2)
	})
	drawn := s.voucher("", nil)
	if drawn.Code == "" {
		s.Error("no code was drawn")
	}
	for _, ref := range []string{"V-1", "v-1", made.ID} {
		got, err := s.c.Voucher(s.ctx, ref)
		s.ok(err)
		if got.ID != made.ID || string(got.Metadata) != `{"shop":"Ulm"}` {
			s.Errorf("%s: %+v", ref, got)
		}
	}
	_, err := s.c.UpdateVoucher(s.ctx, "V-1", &wire.VoucherUpdate{ExpirationDate: wire.Some(instant(s.T, "2099-01-01T00:00:00Z"))})
	s.ok(err)
	changed, err := s.c.UpdateVoucher(s.ctx, "V-1", &wire.VoucherUpdate{ExpirationDate: wire.Cleared[wire.Time]()})
	s.ok(err)
	if changed.ExpirationDate != 0 {
		s.Errorf("not cleared: %v", changed.ExpirationDate)
	}
	off, err := s.c.DisableVoucher(s.ctx, "V-1")
	s.ok(err)
	on, err := s.c.EnableVoucher(s.ctx, "V-1")
	s.ok(err)
	if off.Active || !on.Active {
		s.Error("disable and enable do nothing")
	}
	list, err := s.c.Vouchers(s.ctx, client.VoucherQuery{Code: "V-1"})
	s.ok(err)
	if len(list.Data) != 1 || list.Data[0].ID != made.ID {
		s.Errorf("by code: %+v", list)
	}
	s.ok(s.c.DeleteVoucher(s.ctx, "V-1"))
	_, err = s.c.Voucher(s.ctx, "V-1")
	s.refused(err, wire.KeyNotFound)
	tellGiftCard(s)
}

func tellGiftCard(s *surface) {
	s.voucher("V-GIFT", func(v *wire.VoucherCreate) {
		*v = wire.VoucherCreate{Type: wire.VoucherGift, Gift: &wire.Gift{Amount: wire.Some[int64](5000)}}
	})
	b, err := s.c.ChangeBalance(s.ctx, "V-GIFT", &wire.BalanceChange{Amount: wire.Some[int64](-700), Reason: "broken glass"})
	s.ok(err)
	if b.Balance != 4300 {
		s.Errorf("balance %d", b.Balance)
	}
	ledger, err := s.c.Transactions(s.ctx, "V-GIFT", client.Page{Limit: 100})
	s.ok(err)
	sum := int64(0)
	for _, entry := range ledger.Data {
		sum += entry.Details.Balance.Amount
	}
	if sum != 4300 {
		s.Errorf("the ledger sums up to %d", sum)
	}
}

func tellCampaigns(s *surface) {
	made, err := s.c.CreateCampaign(s.ctx, &wire.CampaignCreate{Name: "summer sale", Voucher: &wire.CampaignVoucher{
		Type: wire.VoucherDiscount, Discount: &wire.Discount{Type: wire.DiscountPercent, PercentOff: wire.Some[wire.Percent](1250)},
	}})
	s.ok(err)
	_, err = s.c.AddVoucher(s.ctx, made.ID, "C-GIVEN", nil)
	s.ok(err)
	_, err = s.c.AddVoucher(s.ctx, made.ID, "", nil)
	s.ok(err)
	s.job(s.c.Generate(s.ctx, made.ID, 40, &wire.GenerateRequest{CodeConfig: &wire.CodeConfig{Pattern: "C-######"}}))(40, 0)
	s.job(s.c.ImportVouchers(s.ctx, "summer sale", []wire.VoucherImport{{Code: "C-IMPORTED"}, {Code: "C-GIVEN"}}))(1, 1)
	s.job(s.c.ImportCSV(s.ctx, made.ID, strings.NewReader("code\nC-CSV-1\nC-CSV-2\n")))(2, 0)
	s.job(s.c.ImportVouchers(s.ctx, "", []wire.VoucherImport{{Code: "C-ALONE", Type: wire.VoucherGift, Gift: &wire.Gift{Amount: wire.Some[int64](1)}}}))(1, 0)

	var csv bytes.Buffer
	s.ok(s.c.ExportCSV(s.ctx, made.ID, &csv))
	if rows := strings.Count(csv.String(), "\n"); rows != 1+45 {
		s.Errorf("%d rows in the export", rows)
	}
	codes := map[string]bool{}
	read := func(p client.Page) (*wire.List[wire.Voucher], error) {
		return s.c.Vouchers(s.ctx, client.VoucherQuery{Page: p, Campaign: "summer sale"})
	}
	for v, err := range client.Each(client.Page{Limit: 7}, read) {
		s.ok(err)
		codes[v.Code] = true
	}
	if len(codes) != 45 {
		s.Errorf("%d codes in the list", len(codes))
	}
	_, err = s.redeem("C-GIVEN", "ann", 1000)
	s.ok(err)
	eventually(s, "the summary to have the redemption", func() bool {
		sum, err := s.c.CampaignSummary(s.ctx, made.ID)
		s.ok(err)
		return sum.Vouchers.Total == 45 && sum.Redemptions.Succeeded == 1 && sum.Redemptions.DiscountAmount == 125
	})
	tellCampaignLife(s, made)
}

// job waits for a job and compares its counts.
func (s *surface) job(a *wire.Accepted, err error) func(done, failed int64) {
	s.Helper()
	s.ok(err)
	action, err := s.c.Wait(s.ctx, a.AsyncActionID, nil)
	s.ok(err)
	return func(done, failed int64) {
		s.Helper()
		if r := action.Result; r == nil || r.DoneCount != done || r.FailedCount != failed || int64(len(r.Failed)) != failed {
			s.Errorf("%s: %+v, want %d done and %d failed", action.Type, r, done, failed)
		}
	}
}

func tellCampaignLife(s *surface, made *wire.Campaign) {
	changed, err := s.c.UpdateCampaign(s.ctx, made.ID, &wire.CampaignUpdate{Description: wire.Some("warm")})
	s.ok(err)
	got, err := s.c.Campaign(s.ctx, "summer sale")
	s.ok(err)
	if changed.Description != "warm" || got.Description != "warm" || got.ID != made.ID {
		s.Errorf("%+v", got)
	}
	_, err = s.c.DisableCampaign(s.ctx, made.ID)
	s.ok(err)
	_, err = s.redeem("C-CSV-1", "ann", 1000)
	s.refused(err, wire.KeyVoucherDisabled)
	_, err = s.c.EnableCampaign(s.ctx, made.ID)
	s.ok(err)
	_, err = s.redeem("C-CSV-1", "ann", 1000)
	s.ok(err)
	campaigns, err := s.c.Campaigns(s.ctx, client.CampaignQuery{CampaignType: wire.CampaignDiscountCoupons})
	s.ok(err)
	jobs, err := s.c.AsyncActions(s.ctx, client.Page{})
	s.ok(err)
	if len(campaigns.Data) != 1 || len(jobs.Data) < 4 {
		s.Errorf("%d campaigns, %d jobs", len(campaigns.Data), len(jobs.Data))
	}
	a, err := s.c.DeleteCampaign(s.ctx, "summer sale")
	s.ok(err)
	_, err = s.c.Wait(s.ctx, a.AsyncActionID, nil)
	s.ok(err)
	_, err = s.redeem("C-CSV-2", "ann", 1000)
	s.refused(err, wire.KeyNotFound)
}

func tellRedemptions(s *surface) {
	s.voucher("R-1", func(v *wire.VoucherCreate) { v.Redemption.Quantity = wire.Some[int64](1) })
	order := &wire.Order{SourceID: "order-77", Amount: wire.Some[int64](1000)}
	asked, err := s.c.Validate(s.ctx, client.ForCode("R-1", "rita", order))
	s.ok(err)
	why, err := s.c.Explain(s.ctx, &wire.ExplainRequest{RedeemRequest: *client.ForCode("R-1", "rita", order)})
	s.ok(err)
	if !asked.Valid || asked.Order.TotalAmount != 700 || !why.Valid || len(why.Checks) == 0 {
		s.Errorf("%+v %+v", asked, why)
	}
	got, err := s.c.Redeem(s.ctx, client.ForCode("R-1", "rita", order))
	s.ok(err)
	r := got.Redemptions[0]
	if r.Order.TotalAmount != 700 || r.Customer.SourceID != "rita" || r.Status != wire.StatusSucceeded {
		s.Errorf("%+v", r)
	}
	_, err = s.redeem("R-1", "rita", 1000)
	s.refused(err, wire.KeyQuantityExceeded)
	small, err := s.c.Validate(s.ctx, client.ForCode("R-1", "rita", order), client.Minimal())
	s.ok(err)
	if small.Valid || small.Redeemables[0].Result.Error.Key != wire.KeyQuantityExceeded {
		s.Errorf("%+v", small)
	}
	why, err = s.c.Explain(s.ctx, &wire.ExplainRequest{RedeemRequest: *client.ForCode("R-1", "rita", order)})
	s.ok(err)
	if why.Valid || why.Key != wire.KeyQuantityExceeded {
		s.Errorf("%+v", why)
	}
	entry, err := s.c.Redemption(s.ctx, r.ID)
	s.ok(err)
	if entry.Redemption.Order.SourceID != "order-77" || entry.Redemption.Order.TotalAmount != 700 {
		s.Errorf("%+v", entry.Redemption.Order)
	}
	f := func(q client.RedemptionQuery) {
		s.Helper()
		eventually(s, "the list to have the redemption", func() bool {
			list, err := s.c.Redemptions(s.ctx, q)
			s.ok(err)
			return slices.ContainsFunc(list.Data, func(e wire.RedemptionEntry) bool { return e.Redemption != nil && e.Redemption.ID == r.ID })
		})
	}
	f(client.RedemptionQuery{})
	f(client.RedemptionQuery{Voucher: "R-1"})
	f(client.RedemptionQuery{Customer: "rita"})
	f(client.RedemptionQuery{Customer: string(r.CustomerID), Result: wire.ResultSuccess})
	f(client.RedemptionQuery{OrderID: "order-77"})
	f(client.RedemptionQuery{After: r.Date, Before: r.Date + 1})
}

func tellRollbacks(s *surface) {
	s.voucher("B-GIFT", func(v *wire.VoucherCreate) {
		*v = wire.VoucherCreate{Type: wire.VoucherGift, Gift: &wire.Gift{Amount: wire.Some[int64](1000)}}
	})
	r, err := s.redeem("B-GIFT", "bob", 600)
	s.ok(err)
	part, err := s.c.Rollback(s.ctx, r.ID, &wire.RollbackRequest{Amount: wire.Some[int64](200), Reason: "one glass broke"})
	s.ok(err)
	rest, err := s.c.Rollback(s.ctx, r.ID, nil)
	s.ok(err)
	if part.Gift.Amount != 200 || rest.Gift.Amount != 400 || part.Reason != "one glass broke" {
		s.Errorf("%+v %+v", part, rest)
	}
	_, err = s.c.Rollback(s.ctx, r.ID, nil)
	s.refused(err, wire.KeyAlreadyRolledBack)
	v, err := s.c.Voucher(s.ctx, "B-GIFT")
	s.ok(err)
	if v.Gift.Balance.Or(0) != 1000 {
		s.Errorf("balance %+v", v.Gift)
	}
	entries, err := s.c.VoucherRedemptions(s.ctx, "B-GIFT", client.Page{})
	s.ok(err)
	if len(entries.Data) != 3 || entries.Uses == nil || entries.Uses.RedeemedQuantity != 0 {
		s.Errorf("%+v", entries)
	}
	entry, err := s.c.Redemption(s.ctx, part.ID)
	s.ok(err)
	if entry.Rollback == nil || entry.Rollback.Redemption != r.ID {
		s.Errorf("%+v", entry)
	}
}

func tellIdempotency(s *surface) {
	s.voucher("K-1", func(v *wire.VoucherCreate) { v.Redemption.Quantity = wire.Some[int64](2) })
	first, err := s.redeem("K-1", "kay", 1000, client.Key("order-9"))
	s.ok(err)
	again, err := s.redeem("K-1", "kay", 1000, client.Key("order-9"))
	s.ok(err)
	if again.ID != first.ID || !again.Replayed || again.Date != first.Date {
		s.Errorf("first %+v, again %+v", first, again)
	}
	_, err = s.redeem("K-1", "kay", 1001, client.Key("order-9"))
	s.refused(err, wire.KeyIdempotencyKeyConflict)
	_, err = s.c.DisableVoucher(s.ctx, "K-1")
	s.ok(err)
	_, err = s.redeem("K-1", "kay", 1000, client.Key("order-9"))
	s.ok(err) // a retry of a success succeeds after a disable
	_, err = s.c.EnableVoucher(s.ctx, "K-1")
	s.ok(err)

	back, err := s.c.Rollback(s.ctx, first.ID, nil, client.Key("back-9"))
	s.ok(err)
	same, err := s.c.Rollback(s.ctx, first.ID, nil, client.Key("back-9"))
	s.ok(err)
	one, err := s.c.CreateVoucher(s.ctx, "K-2", giftOf(5), client.Key("make"))
	s.ok(err)
	two, err := s.c.CreateVoucher(s.ctx, "K-2", giftOf(5), client.Key("make"))
	s.ok(err)
	if back.ID != same.ID || one.ID != two.ID {
		s.Error("asked again, something else was done")
	}
	for range 2 {
		_, err = s.c.ChangeBalance(s.ctx, "K-2", &wire.BalanceChange{Amount: wire.Some[int64](3)}, client.Key("top-up"))
		s.ok(err)
	}
	v, err := s.c.Voucher(s.ctx, "K-2")
	s.ok(err)
	if v.Gift.Balance.Or(0) != 8 {
		s.Errorf("balance %+v", v.Gift)
	}
	_, err = s.c.CreateVoucher(s.ctx, "K-2", giftOf(5), client.Key("other"))
	s.refused(err, wire.KeyDuplicateFound)
}

func giftOf(amount int64) *wire.VoucherCreate {
	return &wire.VoucherCreate{Type: wire.VoucherGift, Gift: &wire.Gift{Amount: wire.Some(amount)}}
}

func tellBatch(s *surface) {
	s.voucher("BATCH-1", nil)
	s.voucher("BATCH-2", nil)
	item := func(code, key string) wire.BatchItem {
		return wire.BatchItem{RedeemRequest: wire.RedeemRequest{
			Redeemables: []wire.Redeemable{{Object: wire.ObjectVoucher, ID: code}}, IdempotencyKey: key,
			Order: &wire.Order{Amount: wire.Some[int64](1000)},
		}}
	}
	for _, opts := range [][]client.Option{nil, {client.Minimal()}} {
		got, err := s.c.RedeemBatch(s.ctx, &wire.BatchRequest{Redemptions: []wire.BatchItem{
			item("BATCH-1", "b1"), item("BATCH-1", "b2"), item("BATCH-2", "b3"), item("BATCH-2", "b3"), item("NOWHERE", "b4"),
		}}, opts...)
		s.ok(err)
		var statuses []int
		for _, r := range got.Results {
			statuses = append(statuses, r.Status)
		}
		if !slices.Equal(statuses, []int{200, 400, 200, 200, 404}) || got.Results[2].Redemption.ID != got.Results[3].Redemption.ID {
			s.Errorf("%v: %+v", statuses, got)
		}
	}
}

// tellPrecedence: of several reasons the first of the list is told (P6). Each
// step takes the first one away.
func tellPrecedence(s *surface) {
	past, future := instant(s.T, "2020-01-01T00:00:00Z"), instant(s.T, "2099-01-01T00:00:00Z")
	s.voucher("P-1", func(v *wire.VoucherCreate) {
		v.Active, v.StartDate, v.HolderID, v.Redemption.Quantity = wire.Some(false), future, "holder", wire.Some[int64](1)
	})
	refused := func(customer, key string) {
		s.Helper()
		_, err := s.c.RedeemCode(s.ctx, "P-1", customer, nil)
		s.refused(err, key)
	}
	update := func(u *wire.VoucherUpdate) {
		s.Helper()
		_, err := s.c.UpdateVoucher(s.ctx, "P-1", u)
		s.ok(err)
	}
	refused("", wire.KeyVoucherDisabled)
	_, err := s.c.EnableVoucher(s.ctx, "P-1")
	s.ok(err)
	refused("", wire.KeyVoucherNotActive)
	update(&wire.VoucherUpdate{StartDate: wire.Cleared[wire.Time](), ExpirationDate: wire.Some(past)})
	refused("", wire.KeyVoucherExpired)
	update(&wire.VoucherUpdate{ExpirationDate: wire.Some(future)})
	refused("", wire.KeyMissingCustomer)
	refused("stranger", wire.KeyCustomerRulesViolated)
	_, err = s.redeem("P-1", "holder", 1000)
	s.ok(err)
	_, err = s.redeem("P-1", "holder", 1000)
	s.refused(err, wire.KeyQuantityExceeded)
	_, err = s.c.RedeemCode(s.ctx, "P-1", "holder", &wire.Order{Amount: wire.Some[int64](1000), Currency: "JPY"})
	s.refused(err, wire.KeyCurrencyMismatch)
}

func tellCustomers(s *surface) {
	made, err := s.c.PutCustomer(s.ctx, &wire.Customer{SourceID: "carl", Name: "Carl", Address: wire.Address{City: "Ulm"}})
	s.ok(err)
	changed, err := s.c.UpdateCustomer(s.ctx, "carl", &wire.CustomerUpdate{Name: wire.Some("Carla"), Address: wire.Cleared[wire.Address]()})
	s.ok(err)
	got, err := s.c.Customer(s.ctx, made.ID)
	s.ok(err)
	if changed.Name != "Carla" || got.Name != "Carla" || got.Address != nil || got.SourceID != "carl" {
		s.Errorf("%+v", got)
	}
	s.voucher("CUST-1", func(v *wire.VoucherCreate) {
		v.Redemption.Quantity, v.Redemption.PerCustomer = wire.Cleared[int64](), wire.Some[int64](1)
	})
	_, err = s.redeem("CUST-1", "carl", 1000)
	s.ok(err)
	_, err = s.redeem("CUST-1", "carl", 1000)
	s.refused(err, wire.KeyQuantityExceeded)
	_, err = s.redeem("CUST-1", "", 1000)
	s.refused(err, wire.KeyMissingCustomer)
	eventually(s, "the customer's counts", func() bool {
		got, err := s.c.Customer(s.ctx, "carl")
		s.ok(err)
		return got.Summary.Redemptions.TotalSucceeded == 1
	})
	list, err := s.c.Customers(s.ctx, client.CustomerQuery{Page: client.Page{Limit: 100}})
	s.ok(err)
	if !slices.ContainsFunc(list.Data, func(a wire.CustomerAnswer) bool { return a.ID == made.ID }) {
		s.Error("the list lacks the customer")
	}
	s.ok(s.c.DeleteCustomer(s.ctx, "carl"))
	_, err = s.c.Customer(s.ctx, made.ID)
	s.refused(err, wire.KeyNotFound)
}

func tellKeys(s *surface) {
	made, err := s.c.CreateKey(s.ctx, &wire.APIKeyCreate{Name: "till", Role: "VIEWER"})
	s.ok(err)
	as := func(id, token string) *client.Client {
		c, err := client.New(client.Config{URL: s.url, AppID: id, AppToken: token, Retry: client.Retry{Attempts: 1}, HTTP: s.raw})
		s.ok(err)
		return c
	}
	viewer := as(made.AppID, made.Secret)
	_, err = viewer.Vouchers(s.ctx, client.VoucherQuery{})
	s.ok(err)
	_, err = viewer.CreateVoucher(s.ctx, "FORBIDDEN", giftOf(1))
	s.refused(err, wire.KeyForbidden)
	_, err = viewer.Keys(s.ctx, client.Page{})
	s.refused(err, wire.KeyForbidden)

	second, err := s.c.RotateKey(s.ctx, made.ID)
	s.ok(err)
	for _, token := range []string{made.Secret, second.Secret} {
		_, err = as(made.AppID, token).Vouchers(s.ctx, client.VoucherQuery{})
		s.ok(err)
	}
	list, err := s.c.Keys(s.ctx, client.Page{})
	s.ok(err)
	for _, k := range list.Data {
		if k.Secret != "" {
			s.Error("a secret is shown again")
		}
	}
	s.ok(s.c.RevokeKey(s.ctx, made.ID))
	_, err = viewer.Vouchers(s.ctx, client.VoucherQuery{})
	s.refused(err, wire.KeyUnauthorized)
	tellOAuth(s)
}

func tellOAuth(s *surface) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {appID}, "client_secret": {appToken}}
	status, body := s.send(http.MethodPost, "/v1/oauth/token", "application/x-www-form-urlencoded", form.Encode())
	var token wire.OAuthToken
	if err := json.Unmarshal([]byte(body), &token); err != nil || status != 200 || token.AccessToken == "" {
		s.Fatalf("%d %s", status, body)
	}
	req, err := http.NewRequestWithContext(s.ctx, http.MethodGet, s.url+"/v1/vouchers", nil)
	s.ok(err)
	req.Header.Set("Authorization", "Bearer "+token.AccessToken)
	res, err := s.raw.Do(req)
	s.ok(err)
	s.ok(res.Body.Close())
	if res.StatusCode != 200 {
		s.Errorf("the bearer opens nothing: %d", res.StatusCode)
	}
	form.Set("client_secret", "wrong")
	if status, body := s.send(http.MethodPost, "/v1/oauth/token", "application/x-www-form-urlencoded", form.Encode()); status != 401 {
		s.Errorf("%d %s", status, body)
	}
}

// tellProject: where the caller cannot set a header, as with the SDKs, the
// tracking id may be the key; a whole rollback releases it (P3).
func tellProject(s *surface) {
	s.voucher("T-1", func(v *wire.VoucherCreate) { v.Redemption.Quantity = wire.Some[int64](5) })
	set := func(source string) {
		s.Helper()
		p, err := s.c.UpdateProject(s.ctx, &wire.ProjectUpdate{IdempotencySource: source})
		s.ok(err)
		if p.IdempotencySource != source {
			s.Errorf("%+v", p)
		}
	}
	redeem := func() wire.Redemption {
		s.Helper()
		status, body := s.send(http.MethodPost, "/v1/redemptions", "application/json",
			`{"redeemables":[{"object":"voucher","id":"T-1"}],"order":{"amount":1000},"tracking_id":"cart-1"}`)
		var got wire.RedeemResponse
		if err := json.Unmarshal([]byte(body), &got); err != nil || status != 200 {
			s.Fatalf("%d %s", status, body)
		}
		return got.Redemptions[0]
	}
	if one, other := redeem(), redeem(); one.ID == other.ID {
		s.Error("the tracking id is the key although nobody said so")
	}
	set("tracking_id")
	first, again := redeem(), redeem()
	if first.ID != again.ID || !again.Replayed {
		s.Errorf("first %s, again %s", first.ID, again.ID)
	}
	_, err := s.c.Rollback(s.ctx, first.ID, nil)
	s.ok(err)
	if redeem().ID == first.ID {
		s.Error("a whole rollback does not release the key")
	}
	set("header")
	_, err = s.c.Project(s.ctx)
	s.ok(err)
}

// tellRefused: what was not done can be found afterwards.
func tellRefused(s *surface) {
	s.voucher("REFUSED-1", func(v *wire.VoucherCreate) { v.Active = wire.Some(false) })
	began := instant(s.T, "2020-01-01T00:00:00Z")
	for range 3 {
		_, err := s.redeem("REFUSED-1", "rex", 1000)
		s.refused(err, wire.KeyVoucherDisabled)
	}
	list, err := s.c.Refusals(s.ctx, client.RefusalQuery{Code: "REFUSED-1", After: began})
	s.ok(err)
	counts, err := s.c.RefusalCounts(s.ctx, client.RefusalCountQuery{Key: wire.KeyVoucherDisabled, Operation: "redemption"})
	s.ok(err)
	if len(list.Data) != 3 || counts.Total < 3 || counts.MayMissSeconds != 0 {
		s.Errorf("%+v %+v", list, counts)
	}
	for _, r := range list.Data {
		if r.Key != wire.KeyVoucherDisabled || r.CodeLastFour != "ED-1" {
			s.Errorf("%+v", r)
		}
	}

	a, err := s.c.ImportVouchers(s.ctx, "", []wire.VoucherImport{{Code: "REFUSED-1", Type: wire.VoucherGift, Gift: &wire.Gift{Amount: wire.Some[int64](1)}}})
	s.ok(err)
	s.job(a, nil)(0, 1)
	var rejects bytes.Buffer
	s.ok(s.c.RejectsCSV(s.ctx, a.AsyncActionID, &rejects))
	if text := rejects.String(); !strings.Contains(text, "REFUSED-1") || !strings.Contains(text, wire.KeyDuplicateFound) {
		s.Errorf("rejects: %q", text)
	}
}

func tellEvents(s *surface) {
	s.voucher("E-1", nil)
	_, err := s.redeem("E-1", "eve", 1000)
	s.ok(err)
	timeline, err := s.c.Timeline(s.ctx, "E-1", client.Page{})
	s.ok(err)
	if len(timeline.Data) != 2 || timeline.Data[0].Type != wire.EventRedemptionSucceeded {
		s.Errorf("%+v", timeline.Data)
	}
	behind, err := s.c.Events(s.ctx, client.EventQuery{Cursor: timeline.Data[1].Cursor})
	s.ok(err)
	if n := len(behind.Data); n != 2 || behind.Data[n-1].ID != timeline.Data[0].ID {
		s.Errorf("behind the creation of E-1 is %+v", behind.Data)
	}
	cursor, seen := "", 0
	for more := true; more; {
		page, err := s.c.Events(s.ctx, client.EventQuery{Limit: 100, Cursor: cursor})
		s.ok(err)
		seen += len(page.Data)
		cursor, more = page.NextCursor, page.HasMore
	}
	if seen < 10 || cursor == "" {
		s.Errorf("%d events up to %q", seen, cursor)
	}
	s.voucher("E-2", nil)
	found := errors.New("found")
	err = s.c.Follow(s.ctx, client.EventQuery{Cursor: cursor}, func(e wire.Event) error {
		if e.Data.Code == "E-2" && e.Type == "voucher.created" {
			return found
		}
		return nil
	})
	if !errors.Is(err, found) {
		s.Errorf("the stream ended with %v", err)
	}
}

func tellOlderPaths(s *surface) {
	s.voucher("O-1", nil)
	const cart = `{"order":{"amount":1000},"customer":{"source_id":"olga"},"tracking_id":null}`
	want := func(status int, path, contentType, body string) string {
		s.Helper()
		got, answer := s.send(http.MethodPost, path, contentType, body)
		if got != status {
			s.Errorf("%s: %d %s", path, got, answer)
		}
		return answer
	}
	const js = "application/json"
	want(200, "/v1/vouchers/O-1/validate", js, cart)
	var r wire.Redemption
	s.ok(json.Unmarshal([]byte(want(200, "/v1/vouchers/O-1/redemption", js, cart)), &r))
	var back wire.RollbacksResponse
	s.ok(json.Unmarshal([]byte(want(200, "/v1/redemptions/"+r.ID+"/rollbacks?reason=late", js, "")), &back))
	if len(back.Rollbacks) != 1 || back.Rollbacks[0].Reason != "late" {
		s.Errorf("%+v", back)
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", "codes.csv")
	s.ok(err)
	_, err = fmt.Fprint(part, "code,voucher type,discount type,value\nO-2,DISCOUNT_VOUCHER,AMOUNT,5\n")
	s.ok(err)
	s.ok(w.Close())
	var a wire.Accepted
	s.ok(json.Unmarshal([]byte(want(202, "/v1/vouchers/importCSV", w.FormDataContentType(), form.String())), &a))
	s.job(&a, nil)(1, 0)
	want(404, "/v1/loyalties", js, "{}")
	want(404, "/v1/nothing/like/this", js, "{}")
	want(415, "/v1/redemptions", "text/plain", cart)
}

func instant(t testing.TB, text string) wire.Time {
	t.Helper()
	at, err := wire.ParseTime(text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
