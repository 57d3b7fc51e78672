package client

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/wire"
)

// Without this a method asks another path than the one that is documented, or
// sends a body that the server reads differently.
func TestRequests(t *testing.T) {
	s := &script{steps: []step{answering(200, `{"data_ref":"data","data":[]}`)}}
	c := s.client(t, Retry{})
	ctx := t.Context()
	f := func(err error, request, body string) {
		t.Helper()
		last := len(s.paths) - 1
		if err != nil || s.paths[last] != request || s.bodies[last] != body {
			t.Errorf("%v: got %s %s\nwant %s %s", err, s.paths[last], s.bodies[last], request, body)
		}
	}
	_, err := c.Redeem(ctx, ForCode("A/B ü", "ann", &wire.Order{Amount: wire.Some[int64](1999)}))
	f(err, "POST /v1/redemptions", `{"redeemables":[{"object":"voucher","id":"A/B ü"}],"order":{"amount":1999},"customer":{"source_id":"ann"}}`)
	_, err = c.Validate(ctx, ForCode("A", "", nil))
	f(err, "POST /v1/validations", `{"redeemables":[{"object":"voucher","id":"A"}]}`)
	_, err = c.Explain(ctx, &wire.ExplainRequest{RedeemRequest: *ForCode("A", "", nil), Now: 1})
	f(err, "POST /v1/explain", `{"redeemables":[{"object":"voucher","id":"A"}],"now":"1970-01-01T00:00:00.001Z"}`)
	_, err = c.Rollback(ctx, "r_1", nil)
	f(err, "POST /v1/redemptions/r_1/rollback", `{}`)
	_, err = c.Redemption(ctx, "r_1")
	f(err, "GET /v1/redemptions/r_1", "")
	_, err = c.Redemptions(ctx, RedemptionQuery{Page: Page{Limit: 5, Cursor: "c", Order: "-created_at"}, Result: "SUCCESS", Campaign: "summer sale", Customer: "ann", Voucher: "A", OrderID: "o", After: 1, Before: 2})
	f(err, "GET /v1/redemptions?campaign=summer+sale&created_at%5Bafter%5D=1970-01-01T00%3A00%3A00.001Z&created_at%5Bbefore%5D=1970-01-01T00%3A00%3A00.002Z&cursor=c&customer=ann&limit=5&order=-created_at&order_id=o&result=SUCCESS&voucher=A", "")
	_, err = c.VoucherRedemptions(ctx, "A", Page{})
	f(err, "GET /v1/vouchers/A/redemption", "")
	_, err = c.CreateVoucher(ctx, "", &wire.VoucherCreate{Redemption: wire.RedemptionLimit{Quantity: wire.Cleared[int64]()}})
	f(err, "POST /v1/vouchers", `{"redemption":{"quantity":null}}`)
	_, err = c.CreateVoucher(ctx, "A/B", &wire.VoucherCreate{})
	f(err, "POST /v1/vouchers/A%2FB", `{}`)
	_, err = c.Voucher(ctx, "..")
	f(err, "GET /v1/vouchers/%2E%2E", "")
	_, err = c.UpdateVoucher(ctx, "A", &wire.VoucherUpdate{ExpirationDate: wire.Cleared[wire.Time]()})
	f(err, "PUT /v1/vouchers/A", `{"expiration_date":null}`)
	_, err = c.EnableVoucher(ctx, "A")
	f(err, "POST /v1/vouchers/A/enable", "")
	_, err = c.DisableVoucher(ctx, "A")
	f(err, "POST /v1/vouchers/A/disable", "")
	f(c.DeleteVoucher(ctx, "A"), "DELETE /v1/vouchers/A", "")
	_, err = c.Vouchers(ctx, VoucherQuery{Campaign: "x", Holder: "ann", Code: "A"})
	f(err, "GET /v1/vouchers?campaign=x&code=A&holder_id=ann", "")
	_, err = c.ChangeBalance(ctx, "A", &wire.BalanceChange{Amount: wire.Some[int64](-5)})
	f(err, "POST /v1/vouchers/A/balance", `{"amount":-5}`)
	_, err = c.Transactions(ctx, "A", Page{})
	f(err, "GET /v1/vouchers/A/transactions", "")
	_, err = c.Timeline(ctx, "A", Page{Limit: 100})
	f(err, "GET /v1/vouchers/A/timeline?limit=100", "")
	_, err = c.CreateCampaign(ctx, &wire.CampaignCreate{Name: "x"})
	f(err, "POST /v1/campaigns", `{"name":"x"}`)
	_, err = c.Campaign(ctx, "summer sale")
	f(err, "GET /v1/campaigns/summer%20sale", "")
	_, err = c.UpdateCampaign(ctx, "x", &wire.CampaignUpdate{Description: wire.Some("d")})
	f(err, "PUT /v1/campaigns/x", `{"description":"d"}`)
	_, err = c.DeleteCampaign(ctx, "x")
	f(err, "DELETE /v1/campaigns/x", "")
	_, err = c.Campaigns(ctx, CampaignQuery{CampaignType: wire.CampaignGiftVouchers})
	f(err, "GET /v1/campaigns?campaign_type=GIFT_VOUCHERS", "")
	_, err = c.EnableCampaign(ctx, "x")
	f(err, "POST /v1/campaigns/x/enable", "")
	_, err = c.DisableCampaign(ctx, "x")
	f(err, "POST /v1/campaigns/x/disable", "")
	_, err = c.CampaignSummary(ctx, "x")
	f(err, "GET /v1/campaigns/x/summary", "")
	_, err = c.AddVoucher(ctx, "x", "A", nil)
	f(err, "POST /v1/campaigns/x/vouchers/A", `{}`)
	_, err = c.AddVoucher(ctx, "x", "", &wire.GenerateRequest{HolderID: "ann"})
	f(err, "POST /v1/campaigns/x/vouchers", `{"holder_id":"ann"}`)
	_, err = c.Generate(ctx, "x", 1000, nil)
	f(err, "POST /v1/campaigns/x/vouchers?vouchers_count=1000", `{}`)
	_, err = c.ImportVouchers(ctx, "x", []wire.VoucherImport{{Code: "A"}})
	f(err, "POST /v1/campaigns/x/import", `[{"code":"A"}]`)
	_, err = c.ImportVouchers(ctx, "", []wire.VoucherImport{})
	f(err, "POST /v1/vouchers/import", `[]`)
	_, err = c.PutCustomer(ctx, &wire.Customer{SourceID: "ann"})
	f(err, "POST /v1/customers", `{"source_id":"ann"}`)
	_, err = c.Customer(ctx, "ann@example.com")
	f(err, "GET /v1/customers/ann@example.com", "")
	_, err = c.UpdateCustomer(ctx, "ann", &wire.CustomerUpdate{Name: wire.Some("Ann")})
	f(err, "PUT /v1/customers/ann", `{"name":"Ann"}`)
	f(c.DeleteCustomer(ctx, "ann"), "DELETE /v1/customers/ann", "")
	_, err = c.Customers(ctx, CustomerQuery{Email: "a@b", Name: "Ann", City: "Ulm"})
	f(err, "GET /v1/customers?city=Ulm&email=a%40b&name=Ann", "")
	_, err = c.AsyncAction(ctx, "job_1")
	f(err, "GET /v1/async-actions/job_1", "")
	_, err = c.AsyncActions(ctx, Page{})
	f(err, "GET /v1/async-actions", "")
	_, err = c.Events(ctx, EventQuery{Limit: 3, Cursor: "c"})
	f(err, "GET /v1/events?cursor=c&limit=3", "")
	_, err = c.Project(ctx)
	f(err, "GET /v1/project", "")
	_, err = c.UpdateProject(ctx, &wire.ProjectUpdate{IdempotencySource: "tracking_id"})
	f(err, "PUT /v1/project", `{"idempotency_source":"tracking_id"}`)
	_, err = c.Refusals(ctx, RefusalQuery{Limit: 5, Cursor: "c", Campaign: "x", Key: "not_found", Code: "1234", Customer: "ann", OrderSourceID: "o", RequestID: "r", After: 1, Before: 2})
	f(err, "GET /v1/refusals?campaign=x&code=1234&created_at%5Bafter%5D=1970-01-01T00%3A00%3A00.001Z&created_at%5Bbefore%5D=1970-01-01T00%3A00%3A00.002Z&cursor=c&customer=ann&key=not_found&limit=5&order_source_id=o&request_id=r", "")
	_, err = c.RefusalCounts(ctx, RefusalCountQuery{Campaign: "x", Key: "not_found", Operation: wire.OperationRedemption, Step: "day", Before: 2})
	f(err, "GET /v1/refusals/counts?campaign=x&created_at%5Bbefore%5D=1970-01-01T00%3A00%3A00.002Z&key=not_found&operation=redemption&step=day", "")
	_, err = c.CreateKey(ctx, &wire.APIKeyCreate{Name: "till", Role: "USER"})
	f(err, "POST /v1/keys", `{"name":"till","role":"USER"}`)
	_, err = c.Keys(ctx, Page{})
	f(err, "GET /v1/keys", "")
	_, err = c.RotateKey(ctx, "key_1")
	f(err, "POST /v1/keys/key_1/rotate", "")
	f(c.RevokeKey(ctx, "key_1"), "DELETE /v1/keys/key_1", "")

	for i, request := range s.paths {
		path := strings.TrimPrefix(request, "POST ")
		keyed := path != request && path != "/v1/validations" && path != "/v1/explain"
		if (s.keys[i] != "") != keyed {
			t.Errorf("%s went with the key %q", request, s.keys[i])
		}
	}
}

// Without this an item of a batch whose result is unknown cannot be asked for
// again: nobody knows its key.
func TestBatchItemsGetKeys(t *testing.T) {
	s := &script{steps: []step{answering(200, `{"results":[]}`)}}
	req := &wire.BatchRequest{Redemptions: make([]wire.BatchItem, 3)}
	for i := range req.Redemptions {
		req.Redemptions[i].Redeemables = []wire.Redeemable{{Object: wire.ObjectVoucher, ID: "A"}}
	}
	req.Redemptions[1].IdempotencyKey = "mine"
	if _, err := s.client(t, Retry{}).RedeemBatch(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	first, second, third := req.Redemptions[0].IdempotencyKey, req.Redemptions[1].IdempotencyKey, req.Redemptions[2].IdempotencyKey
	if first == "" || second != "mine" || third == "" || first == third {
		t.Errorf("keys %q, %q, %q", first, second, third)
	}
	for _, key := range []string{first, second, third} {
		if !strings.Contains(s.bodies[0], `"idempotency_key":"`+key+`"`) {
			t.Errorf("%s was not sent: %s", key, s.bodies[0])
		}
	}
}

// Without this a list is read short, or for ever.
func TestEachGoesThroughAllPages(t *testing.T) {
	page := func(cursor string, codes ...string) step {
		l := wire.List[wire.Voucher]{DataRef: wire.ListVouchers, HasMore: cursor != "", NextCursor: cursor, Total: 3}
		for _, code := range codes {
			l.Data = append(l.Data, wire.Voucher{Code: code})
		}
		return answering(200, l)
	}
	f := func(want []string, wantErr bool, steps ...step) {
		t.Helper()
		s := &script{steps: steps}
		c := s.client(t, Retry{Attempts: 1})
		var got []string
		var failed error
		for v, err := range Each(Page{Limit: 2}, func(p Page) (*wire.List[wire.Voucher], error) {
			return c.Vouchers(t.Context(), VoucherQuery{Page: p})
		}) {
			if failed = err; err == nil {
				got = append(got, v.Code)
			}
		}
		if !reflect.DeepEqual(got, want) || (failed != nil) != wantErr || len(s.paths) != len(steps) {
			t.Errorf("got %v, %v after %v", got, failed, s.paths)
		}
	}
	f([]string{"A", "B", "C"}, false, page("c2", "A", "B"), page("", "C"))
	f(nil, false, page(""))
	f([]string{"A"}, true, page("c2", "A"), refusing(wire.KeyUnauthorized, 0))
}

// Without this a typing error in the address is found by the first customer, or
// a token travels inside an address that gets logged.
func TestConfig(t *testing.T) {
	f := func(cfg Config, wantURL string) {
		t.Helper()
		c, err := New(cfg)
		switch {
		case wantURL == "" && err == nil:
			t.Errorf("%+v: accepted", cfg)
		case wantURL != "" && (err != nil || c.URL() != wantURL):
			t.Errorf("%+v: %v, %v", cfg, c, err)
		}
	}
	f(Config{URL: "http://h:8080"}, "http://h:8080")
	f(Config{URL: "https://h/scrip/v1/"}, "https://h/scrip")
	f(Config{URL: "h:8080"}, "")
	f(Config{URL: ""}, "")
	f(Config{URL: "ftp://h"}, "")
	f(Config{URL: "http://app:token@h"}, "")
	f(Config{URL: "http://h", AppID: "a"}, "")
	f(Config{URL: "http://h", AppToken: "t"}, "")
}

// Without this a token leaks to wherever a redirect points.
func TestCredentialsAndHeaders(t *testing.T) {
	var elsewhere bool
	other := serve(t, func(http.ResponseWriter, *http.Request) { elsewhere = true })
	var header http.Header
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		header = r.Header.Clone()
		http.Redirect(w, r, other.URL(), http.StatusTemporaryRedirect)
	})
	if _, err := c.Voucher(t.Context(), "A"); err == nil || elsewhere {
		t.Errorf("redirect was followed: %v", err)
	}
	if header.Get("X-App-Id") != "app" || header.Get("X-App-Token") != "token" || header.Get("User-Agent") != "scrip-go" {
		t.Errorf("headers %v", header)
	}
	s := &script{steps: []step{func(r *http.Request) (*http.Response, error) {
		header = r.Header.Clone()
		return answering(200, json.RawMessage("{}"))(r)
	}}}
	if _, err := s.client(t, Retry{}).Validate(t.Context(), ForCode("A", "", nil), Minimal()); err != nil || header.Get("Prefer") != "return=minimal" {
		t.Errorf("%v, headers %v", err, header)
	}
}
