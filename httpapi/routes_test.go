package httpapi

import (
	"regexp"
	"strings"
	"testing"

	"github.com/scrip-engine/scrip/wire"
)

const redeemBody = `{"redeemables":[{"object":"voucher","id":"SPRING"}]}`

// calls holds, for every line of the table, a request and what the engine must
// have been asked. A line without one fails TestEveryRouteReachesItsMethod.
var calls = map[string]struct {
	path, body, want string
	status           int
}{
	"redemptions.create":    {"/v1/redemptions", redeemBody, "Redeem SPRING", 200},
	"redemptions.batch":     {"/v1/redemptions/batch", `{"redemptions":[` + redeemBody + `,{"redeemables":7}]}`, "Redeem SPRING", 200},
	"redemptions.list":      {"/v1/redemptions", "", "Redemptions {Page:{Limit:10 Number:1 Cursor: StartingAfter: Order:} Result: Status: Campaign: Customer: Voucher: Order: After: Before:}", 200},
	"redemptions.get":       {"/v1/redemptions/r_1", "", "Redemption r_1", 200},
	"redemptions.rollback":  {"/v1/redemptions/r_1/rollback?reason=late&tracking_id=t1", "", "Rollback r_1 late t1", 200},
	"redemptions.rollbacks": {"/v1/redemptions/r_1/rollbacks", `{"reason":"late"}`, "Rollback r_1 late", 200},
	"validations.create":    {"/v1/validations", redeemBody, "Validate SPRING", 200},
	"explain":               {"/v1/explain", redeemBody, "Explain SPRING", 200},

	"vouchers.create":       {"/v1/vouchers", `{"code":"MINE"}`, "CreateVoucher MINE", 200},
	"vouchers.list":         {"/v1/vouchers?campaign=spring", "", "Vouchers {Page:{Limit:10 Number:1 Cursor: StartingAfter: Order:} Campaign:spring Customer: Category: Code: After: Before:}", 200},
	"vouchers.import":       {"/v1/vouchers/import", `[{"code":"A"}]`, `Import  json [{"code":"A"}]`, 202},
	"vouchers.create_code":  {"/v1/vouchers/MINE", "", "CreateVoucher MINE", 200},
	"vouchers.get":          {"/v1/vouchers/MINE", "", "Voucher MINE", 200},
	"vouchers.update":       {"/v1/vouchers/MINE", `{"category":"x"}`, "UpdateVoucher MINE", 200},
	"vouchers.delete":       {"/v1/vouchers/MINE?force=true", "", "DeleteVoucher MINE", 204},
	"vouchers.enable":       {"/v1/vouchers/MINE/enable", "", "SetVoucherEnabled MINE true", 200},
	"vouchers.disable":      {"/v1/vouchers/MINE/disable", "{}", "SetVoucherEnabled MINE false", 200},
	"vouchers.balance":      {"/v1/vouchers/MINE/balance", `{"amount":-5}`, "ChangeBalance MINE -5", 200},
	"vouchers.transactions": {"/v1/vouchers/MINE/transactions?starting_after_id=vtx_1", "", "Transactions MINE vtx_1 0", 200},
	"vouchers.timeline":     {"/v1/vouchers/MINE/timeline?limit=3", "", "Timeline MINE 3", 200},
	"vouchers.validate":     {"/v1/vouchers/MINE/validate", "", "ValidateVoucher MINE MINE", 200},
	"vouchers.redeem":       {"/v1/vouchers/MINE/redemption?tracking_id=t1", "", "Redeem MINE t1", 200},
	"vouchers.redemptions":  {"/v1/vouchers/MINE/redemption", "", "VoucherRedemptions MINE", 200},

	"campaigns.create":       {"/v1/campaigns", `{"name":"spring"}`, "CreateCampaign spring", 200},
	"campaigns.list":         {"/v1/campaigns", "", "Campaigns {Page:{Limit:10 Number:1 Cursor: StartingAfter: Order:} CampaignType:}", 200},
	"campaigns.get":          {"/v1/campaigns/spring%20sale", "", "Campaign spring sale", 200},
	"campaigns.update":       {"/v1/campaigns/spring", `{"description":"d"}`, "UpdateCampaign spring", 200},
	"campaigns.delete":       {"/v1/campaigns/spring", "", "DeleteCampaign spring", 202},
	"campaigns.enable":       {"/v1/campaigns/spring/enable", "", "SetCampaignEnabled spring true", 200},
	"campaigns.disable":      {"/v1/campaigns/spring/disable", "", "SetCampaignEnabled spring false", 200},
	"campaigns.summary":      {"/v1/campaigns/spring/summary", "", "CampaignSummary spring", 200},
	"campaigns.add_vouchers": {"/v1/campaigns/spring/vouchers?vouchers_count=5000", "", "Generate spring 5000", 202},
	"campaigns.add_voucher":  {"/v1/campaigns/spring/vouchers/MINE", "", "AddVoucher spring MINE", 200},
	"campaigns.export":       {"/v1/campaigns/spring/codes.csv", "", "Campaign spring; ExportCSV spring", 200},
	"campaigns.import":       {"/v1/campaigns/spring/import", "[]", "Import spring json []", 202},

	"customers.put":    {"/v1/customers", `{"source_id":"ann"}`, "PutCustomer ann", 200},
	"customers.list":   {"/v1/customers?email=a%40b.c", "", "Customers {Page:{Limit:10 Number:1 Cursor: StartingAfter: Order:} Email:a@b.c Name: After: Before:}", 200},
	"customers.get":    {"/v1/customers/ann", "", "Customer ann", 200},
	"customers.update": {"/v1/customers/ann", `{"name":"Ann"}`, "UpdateCustomer ann", 200},
	"customers.delete": {"/v1/customers/ann", "", "DeleteCustomer ann", 204},

	"async_actions.list":    {"/v1/async-actions?limit=100&page=3", "", "AsyncActions 100 3", 200},
	"async_actions.get":     {"/v1/async-actions/aa_1", "", "AsyncAction aa_1", 200},
	"async_actions.rejects": {"/v1/async-actions/job_1/rejects.csv", "", "AsyncAction job_1; RejectsCSV job_1", 200},
	"events.list":           {"/v1/events?cursor=c&limit=5", "", "Events c 5", 200},

	"refusals.list": {"/v1/refusals?limit=5&cursor=c&campaign=spring&key=not_found&code=1234&customer=ann&order_source_id=o&request_id=r&created_at[after]=1970-01-01T00:00:00.001Z", "",
		"Refusals {Limit:5 Cursor:c Campaign:spring Key:not_found Code:1234 Customer:ann Order:o RequestID:r After:1970-01-01T00:00:00.001Z Before:}", 200},
	"refusals.counts": {"/v1/refusals/counts?campaign=spring&key=not_found&operation=validation&step=hour&created_at[before]=1970-01-01T00:00:00.002Z", "",
		"RefusalCounts {Campaign:spring Key:not_found Operation:validation Step:hour After: Before:1970-01-01T00:00:00.002Z}", 200},

	"project.get":    {"/v1/project", "", "Project", 200},
	"project.update": {"/v1/project", `{"idempotency_source":"tracking_id"}`, "UpdateProject tracking_id", 200},
	"keys.create":    {"/v1/keys", `{"role":"VIEWER"}`, "CreateKey VIEWER", 200},
	"keys.list":      {"/v1/keys", "", "Keys", 200},
	"keys.rotate":    {"/v1/keys/key_1/rotate", "", "RotateKey key_1", 200},
	"keys.revoke":    {"/v1/keys/key_1", "", "RevokeKey key_1", 204},
}

// elsewhereTested are lines whose request is no plain JSON; each names its test.
var elsewhereTested = map[string]string{
	"oauth.token":          "TestOAuthToken",
	"vouchers.import_csv":  "TestUploads",
	"campaigns.import_csv": "TestUploads",
	"events.stream":        "TestEventsResume",
}

// Without this a line of the table may call another method, or lose an argument.
func TestEveryRouteReachesItsMethod(t *testing.T) {
	n := start(t, Limits{})
	for _, r := range Endpoints() {
		c, ok := calls[r.Name]
		if !ok {
			if elsewhereTested[r.Name] == "" {
				t.Errorf("%s has no test", r.Name)
			}
			continue
		}
		n.engine.took()
		a := n.as("admin", r.Method, c.path, c.body)
		if got := n.engine.took(); a.status != c.status || got != c.want {
			t.Errorf("%s %s: status %d, engine saw %q; want %d, %q (%s)", r.Method, c.path, a.status, got, c.status, c.want, a.body)
		}
		if a.header.Get("X-Request-Id") == "" || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", r.Name, a.header)
		}
		if a.status == 204 && a.body != "" {
			t.Errorf("%s: 204 with a body", r.Name)
		}
	}
}

// Without this a viewer's key changes things, or nobody's key reads them.
func TestRolesAreHeldToTheTable(t *testing.T) {
	n := start(t, Limits{})
	allowed := map[string]string{
		"read": "admin user viewer", "change": "admin user", "admin": "admin",
		"token": "", // checks what is in its body
	}
	for _, r := range Endpoints() {
		c, ok := calls[r.Name]
		if !ok {
			c.path = regexp.MustCompile(`\{[a-zA-Z]+\}`).ReplaceAllString(r.Path, "x")
		}
		who, known := allowed[r.Access]
		if !known {
			t.Errorf("%s: access %q", r.Name, r.Access)
		}
		if r.Access == "token" || r.Name == "events.stream" {
			continue
		}
		for _, role := range []string{"admin", "user", "viewer", "nobody"} {
			a := n.as(role, r.Method, c.path, c.body)
			if strings.Contains(who, role) != (a.status != 403) {
				t.Errorf("%s as %s: %d", r.Name, role, a.status)
			}
			if a.status == 403 {
				n.wantError(a, 403, wire.KeyForbidden)
			}
		}
	}
}

// Without this an attacker learns from the answer which half of a pair is right.
func TestUnauthorizedIsUniform(t *testing.T) {
	n := start(t, Limits{})
	var first string
	f := func(headers ...string) {
		t.Helper()
		headers = append(headers, "X-Request-Id", "same")
		a := n.as("", "POST", "/v1/redemptions", `{"redeemables":`, headers...)
		n.wantError(a, 401, wire.KeyUnauthorized)
		if a.header.Get("WWW-Authenticate") == "" {
			t.Error("a 401 without a challenge")
		}
		if first == "" {
			first = a.body
		}
		if a.body != first {
			t.Errorf("%v: %s, but before %s", headers, a.body, first)
		}
	}
	f()
	f("X-App-Id", "user")
	f("X-App-Token", goodToken)
	f("X-App-Id", "user", "X-App-Token", "wrong")
	f("X-App-Id", "unknown", "X-App-Token", goodToken)
	f("X-App-Id", "user", "X-App-Token", strings.Repeat("x", credentialBytesMax+1))
	f("Authorization", "Bearer wrong")
	f("Authorization", "Bearer")
	f("Authorization", "Basic dXNlcjp4")
	f("X-Client-Application-Id", "user", "X-Client-Token", goodToken)
	// A wrong pair is not rescued by a good bearer.
	f("X-App-Id", "user", "X-App-Token", "wrong", "Authorization", "Bearer bearer-of-the-test")
	if seen := n.engine.took(); seen != "" {
		t.Errorf("the engine was asked: %s", seen)
	}
	if a := n.as("", "GET", "/v1/vouchers/X", "", "Authorization", "bearer bearer-of-the-test"); a.status != 200 {
		t.Errorf("a bearer token: %d", a.status)
	}
}

// Without this integrators of what is not built get "no such voucher" and look
// for their mistake, or a 404 where only the method is wrong.
func TestPathsThatAreNotServed(t *testing.T) {
	n := start(t, Limits{})
	f := func(method, path string, status int, key string) {
		t.Helper()
		n.wantError(n.as("user", method, path, ""), status, key)
	}
	f("POST", "/v1/publications", 404, wire.KeyNotSupported)
	f("GET", "/v1/loyalties/x/members", 404, wire.KeyNotSupported)
	f("DELETE", "/v1/vouchers/X/sessions/abc", 404, wire.KeyNotSupported)
	f("GET", "/client/v1/validate?code=X", 404, wire.KeyNotSupported)
	f("GET", "/management/v1/projects", 404, wire.KeyNotSupported)
	f("GET", "/v1/vouchers/X/", 404, wire.KeyNotSupported)
	f("GET", "/V1/vouchers/X", 404, wire.KeyNotFound)
	f("GET", "/", 404, wire.KeyNotFound)
	f("GET", "/metrics", 404, wire.KeyNotFound)
	f("PATCH", "/v1/vouchers/X", 405, wire.KeyMethodNotAllowed)
	f("GET", "/v1/validations", 405, wire.KeyMethodNotAllowed)
	if a := n.as("user", "POST", "/v1/vouchers/", "{}"); a.status != 200 || n.engine.took() != "CreateVoucher" {
		t.Errorf("the SDK's way to draw a code: %d %s", a.status, a.body)
	}
	allow := n.as("user", "PATCH", "/v1/vouchers/X", "").header.Get("Allow")
	for _, method := range []string{"GET", "PUT", "POST", "DELETE"} {
		if !strings.Contains(allow, method) {
			t.Errorf("Allow: %s", allow)
		}
	}
	if a := n.as("", "OPTIONS", "/v1/vouchers/X", ""); a.status != 204 || a.header.Get("Allow") == "" {
		t.Errorf("OPTIONS: %d %v", a.status, a.header)
	}
	if seen := n.engine.took(); seen != "" {
		t.Errorf("the engine was asked: %s", seen)
	}
}

// Without this a name of the table is used twice, and two routes share a metric.
func TestNamesOfRoutesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Endpoints() {
		if seen[r.Name] || seen[r.Method+r.Path] {
			t.Errorf("twice: %+v", r)
		}
		seen[r.Name], seen[r.Method+r.Path] = true, true
	}
}
