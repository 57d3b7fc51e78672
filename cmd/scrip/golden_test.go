package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	voucherJSON = `{"id":"v_1","code":"SUMMER-1","campaign":"summer-sale","campaign_id":"camp_1","type":"DISCOUNT_VOUCHER",
		"discount":{"type":"PERCENT","percent_off":12.5,"amount_limit":4000},"expiration_date":"2026-10-01T00:00:00.000Z","active":true,
		"metadata":{"channel":"flyer"},"holder_id":"cust_1","redemption":{"object":"list","quantity":3,"redeemed_quantity":2,"per_customer":1,"url":"/x"},
		"created_at":"2026-06-01T08:00:00.000Z","object":"voucher"}`
	giftJSON = `{"id":"v_2","code":"GIFT-1","type":"GIFT_VOUCHER","gift":{"amount":5000,"balance":1250,"currency":"EUR"},"active":false,
		"metadata":{},"redemption":{"object":"list","quantity":null,"redeemed_quantity":4,"url":"/x"},"created_at":"2026-06-01T08:00:00.000Z","object":"voucher"}`
	orderJSON = `{"amount":12900,"currency":"EUR","total_discount_amount":1613,"total_applied_discount_amount":1613,"total_amount":11287,
		"metadata":{},"customer_id":null,"referrer_id":null,"object":"order"}`
	redeemedJSON = `{"redemptions":[{"id":"r_1","object":"redemption","date":"2026-06-02T09:00:00.123Z","result":"SUCCESS","status":"SUCCEEDED",
		"order":` + orderJSON + `,"voucher":` + voucherJSON + `,"related_object_id":"v_1"}],"order":` + orderJSON + `}`
	giftRedeemedJSON = `{"redemptions":[{"id":"r_2","object":"redemption","date":"2026-06-02T09:00:00.123Z","result":"SUCCESS","gift":{"amount":1250},
		"order":{"amount":9900,"currency":"JPY","total_amount":8650,"total_applied_discount_amount":1250,"object":"order"},"related_object_id":"GIFT-1","replayed":true,"idempotency_key":"k-1"}]}`
	eventsJSON = `[{"id":"ev_1","object":"event","type":"voucher.created","data":{"voucher_id":"v_1"},"cursor":"c1","created_at":"2026-06-01T08:00:00.000Z"},
		{"id":"ev_2","object":"event","type":"redemption.succeeded","data":{"code":"SUMMER-1","redemption_id":"r_1","customer_id":"cust_1","amount":1613,"currency":"EUR"},"cursor":"c2","created_at":"2026-06-02T09:00:00.123Z"},
		{"id":"ev_3","object":"event","type":"campaign.vouchers.generation.completed","data":{"campaign_id":"camp_1","async_action_id":"aa_1","count":1000},"cursor":"c3","created_at":"2026-06-02T09:00:01.000Z"}]`
	refusalsJSON = `{"object":"list","data_ref":"data","data":[
		{"object":"refusal","key":"quantity_exceeded","limit_scope":"voucher","code_last_four":"MER1","voucher_id":"v_1","campaign_id":"camp_1","customer_id":"cust_1","order_source_id":"o-1","request_id":"req_1","created_at":"2026-06-02T09:00:01.000Z"},
		{"object":"refusal","key":"quantity_exceeded","campaign_id":"camp_1","created_at":"2026-06-02T09:00:00.000Z"}],
		"total":2,"has_more":false,"kept":{"since":"2026-06-01T08:00:00.000Z","dropped":7}}`
	refusalCountsJSON = `{"object":"list","data_ref":"data","data":[
		{"time":"2026-06-01T00:00:00.000Z","campaign_id":"camp_1","key":"quantity_exceeded","operation":"redemption","count":41},
		{"time":"2026-06-02T00:00:00.000Z","key":"not_found","operation":"validation","count":3}],
		"total":44,"as_of":"2026-06-02T09:00:00.000Z","since":"2026-05-01T00:00:00.000Z","may_miss_seconds":1}`
	explainJSON = `{"object":"explanation","valid":false,"code":"SUMMER-1","key":"quantity_exceeded","now":"2026-06-02T09:00:00.000Z","order":` + orderJSON + `,"checks":[
		{"name":"exists","key":"not_found","passed":true},{"name":"uses","key":"quantity_exceeded","passed":false,"actual":"3 used","wanted":"fewer than 3"},
		{"name":"sessions","key":"locked_by_session"}]}`
	keyJSON    = `{"id":"key_1","app_id":"app_1","app_token":"shown-once","name":"till","role":"USER","created_at":"2026-06-01T08:00:00.000Z","object":"api_key"}`
	keysJSON   = `{"object":"list","data_ref":"data","data":[{"id":"key_1","app_id":"app_1","name":"till","role":"USER","created_at":"2026-06-01T08:00:00.000Z"},{"id":"key_2","app_id":"app_2","role":"ADMIN","created_at":"2026-06-01T08:00:00.000Z","revoked_at":"2026-06-02T08:00:00.000Z"}],"total":2}`
	statusJSON = `{"version":"1.0.0","node_id":"n-1","cluster_id":"c-1","uptime_ns":3723000000000,"ready":true,"disk_free_bytes":81604378624,"disk_low_bytes":536870912,
		"campaigns":2,"active_jobs":1,"groups":[{"name":"catalog","state":"Leader","term":2,"commit_index":10,"applied":10,"log_bytes":1500},
		{"name":"shard-0","state":"Leader","term":2,"commit_index":1234567,"applied":1234567,"queue":3,"log_bytes":73400320,"image_index":1000000}],
		"shards":[{"name":"shard-0","codes":1000000,"records":250000,"logical_bytes":104857600,"budget_bytes":12884901888}]}`
	backupJSON = `{"dir":"/backups/monday","at":"2026-06-02T09:00:00.000Z","bytes":10485760,"groups":[{"name":"catalog","index":10,"time":"2026-06-02T08:59:59.990Z"},{"name":"shard-0","index":1234567,"time":"2026-06-02T08:59:59.998Z"}]}`
)

func list(elements string) reply {
	return done(`{"object":"list","data_ref":"data","data":` + elements + `,"total":3,"has_more":false}`)
}

// Without this a column slips, an amount loses its currency, or a script that
// reads JSON finds text.
func TestOutput(t *testing.T) {
	server := newFake(t, map[string]reply{
		"POST /v1/redemptions":                       done(redeemedJSON),
		"GET /v1/vouchers/SUMMER-1":                  done(voucherJSON),
		"GET /v1/vouchers/GIFT-1":                    done(giftJSON),
		"GET /v1/vouchers/SUMMER-1/timeline?limit=2": list(eventsJSON),
		"GET /v1/vouchers/GIFT-1/timeline?limit=100": list(`[]`),
		"POST /v1/explain":                           done(explainJSON),
		"GET /v1/events?limit=20":                    list(eventsJSON),
		"GET /v1/refusals?campaign=summer&code=MER1&created_at%5Bafter%5D=2026-06-01T00%3A00%3A00.000Z&key=quantity_exceeded&limit=2": done(refusalsJSON),
		"GET /v1/refusals/counts?created_at%5Bafter%5D=2026-06-01T00%3A00%3A00.000Z&step=day":                                         done(refusalCountsJSON),
		"POST /v1/keys":                       done(keyJSON),
		"POST /v1/keys/key_1/rotate":          done(keyJSON),
		"GET /v1/keys?limit=100":              done(keysJSON),
		"DELETE /v1/keys/key_1":               {204, ""},
		"GET /status":                         done(statusJSON),
		"POST /backup?to=%2Fbackups%2Fmonday": done(backupJSON),
	})
	f := func(name string, args ...string) {
		t.Helper()
		for _, output := range []string{"text", "json"} {
			r := call(t, append(args, "-o", output)...)
			if r.code != 0 || r.err != "" {
				t.Errorf("%v: %v", args, r)
			}
			golden(t, name+"."+output, r.out)
		}
	}
	f("redeem", server.connected(t, "redeem", "SUMMER-1", "--customer", "ann", "--amount", "12900", "--currency", "EUR")...)
	if sent := server.requests[0].body; sent != `{"redeemables":[{"object":"voucher","id":"SUMMER-1"}],"order":{"currency":"EUR","amount":12900},"customer":{"source_id":"ann"}}` {
		t.Errorf("sent %s", sent)
	}
	server.answers["POST /v1/redemptions"] = done(giftRedeemedJSON)
	f("redeem-gift", server.connected(t, "redeem", "GIFT-1", "--credits", "1250", "--key", "k-1")...)
	f("voucher", server.connected(t, "voucher", "SUMMER-1", "--events", "2")...)
	f("voucher-gift", server.connected(t, "voucher", "GIFT-1")...)
	f("explain", server.connected(t, "explain", "SUMMER-1", "--now", "2026-06-02T09:00:00Z")...)
	f("events", server.connected(t, "events")...)
	f("refusals", server.connected(t, "refusals", "--campaign", "summer", "--code", "MER1", "--error", "quantity_exceeded",
		"--since", "2026-06-01T00:00:00Z", "--limit", "2")...)
	f("refusals-counts", server.connected(t, "refusals", "--counts", "--step", "day", "--since", "2026-06-01T00:00:00Z")...)
	f("keys-create", server.connected(t, "keys", "create", "--name", "till")...)
	f("keys-rotate", server.connected(t, "keys", "rotate", "key_1")...)
	f("keys-ls", server.connected(t, "keys", "ls")...)
	f("keys-revoke", server.connected(t, "keys", "revoke", "key_1")...)
	f("status", "status", "--ops", server.url)
	f("backup", "backup", "--to", "/backups/monday", "--ops", server.url)
	f("capacity", "capacity", "--rate", "500", "--codes", "10000000", "--cards", "100000", "--customers", "2000000")
}

// Without this the settings that serve uses cannot be read, or a new one is not
// shown.
func TestOutputOfSettings(t *testing.T) {
	t.Setenv("SCRIP_LOG_LEVEL", "debug")
	for _, output := range []string{"text", "json"} {
		r := call(t, "config", "show", "--effective", "--demo", "--app-id", "app_1", "--app-token", "in-clear", "-o", output)
		if r.code != 0 {
			t.Errorf("%v", r)
		}
		golden(t, "config."+output, r.out)
	}
}

// Without this a name that somebody typed into a campaign moves the cursor of an
// operator's terminal.
func TestControlCharactersAreNotPrinted(t *testing.T) {
	server := newFake(t, map[string]reply{
		"GET /v1/vouchers/X":                    done(`{"code":"X","campaign":"\u001b[2Jevil\u0007","metadata":{}}`),
		"GET /v1/vouchers/X/timeline?limit=100": list(`[]`),
	})
	if r := call(t, server.connected(t, "voucher", "X")...); r.code != 0 || strings.ContainsAny(r.out, "\x1b\x07") || !strings.Contains(r.out, "evil") {
		t.Errorf("%q", r.out)
	}
}

const job = `{"id":"aa_1","status":"DONE","progress":100,"result":{"requested_count":4,"done_count":2,"failed_count":2,"failed":[{"code":"A-2","row":3,"reason":"duplicate_found"},{"row":4,"reason":"line 5: has no \"code\", or so"}]}}`

const rejectsCSV = "row,code,reason,details\n3,A-2,duplicate_found,\n4,,\"line 5: has no \"\"code\"\", or so\",\n"

// Without this an import that was run again is another import, its rejects are
// lost, or a script takes a half import for a whole one.
func TestImport(t *testing.T) {
	server := newFake(t, map[string]reply{
		"POST /v1/campaigns/summer%20sale/importCSV": {202, `{"async_action_id":"aa_1"}`},
		"GET /v1/async-actions/aa_1":                 done(job),
		"GET /v1/async-actions/aa_1/rejects.csv":     done(rejectsCSV),
		"GET /v1/campaigns/summer%20sale":            refusal("not_found"),
		"POST /v1/campaigns":                         done(`{"id":"camp_1","name":"summer sale"}`),
	})
	file := write(t, "codes.csv", "Code\nA-1\nA-2\nA-2\n\"\"\n")
	campaign := write(t, "campaign.json", `{"name":"another name","voucher":{"type":"DISCOUNT_VOUCHER","discount":{"type":"AMOUNT","amount_off":500}}}`)
	args := server.connected(t, "import", file, "--campaign", "summer sale", "--create", campaign)
	r := call(t, args...)
	if r.code != codeNotDone || r.err != "created the campaign summer sale (camp_1)\n" {
		t.Errorf("%v", r)
	}
	golden(t, "import.text", strings.ReplaceAll(r.out, filepath.Dir(file), "DIR"))
	if rejects, err := os.ReadFile(file + ".rejects.csv"); err != nil {
		t.Error(err)
	} else {
		golden(t, "import.rejects.csv", string(rejects))
	}
	if sent := server.requests[1].body; !strings.Contains(sent, `"name":"summer sale"`) {
		t.Errorf("the campaign was made as %s", sent)
	}
	key := server.requests[2].key
	if !strings.HasPrefix(key, "import-") || len(key) != len("import-")+64 {
		t.Errorf("key %q", key)
	}

	server.answers["GET /v1/campaigns/summer%20sale"] = done(`{"id":"camp_1"}`)
	server.requests = nil
	call(t, args...)
	if again := server.requests[1].key; again != key {
		t.Errorf("the same file went with the key %q, and before with %q", again, key)
	}
	if err := os.WriteFile(file, []byte("Code\nB-1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	server.requests = nil
	call(t, args...)
	if other := server.requests[1].key; other == key {
		t.Error("another file went with the same key")
	}
}

// Without this a list of codes that was cut off is taken for the whole one.
func TestGenerate(t *testing.T) {
	server := newFake(t, map[string]reply{
		"POST /v1/campaigns/summer/vouchers?vouchers_count=1000": {202, `{"async_action_id":"aa_1"}`},
		"POST /v1/campaigns/summer/vouchers":                     done(voucherJSON),
		"GET /v1/async-actions/aa_1":                             done(`{"id":"aa_1","status":"DONE","result":{"done_count":1000,"failed_count":0,"failed":[]}}`),
		"GET /v1/campaigns/summer/codes.csv":                     done("Code\nA-1\nA-2\n"),
	})
	out := filepath.Join(t.TempDir(), "codes.csv")
	r := call(t, server.connected(t, "generate", "--campaign", "summer", "--count", "1000", "--pattern", "SUMMER-####-####", "--csv", out)...)
	if codes, err := os.ReadFile(out); r.code != 0 || err != nil || string(codes) != "Code\nA-1\nA-2\n" {
		t.Errorf("%v, %q, %v", r, codes, err)
	}
	golden(t, "generate.text", strings.ReplaceAll(r.out, filepath.Dir(out), "DIR"))
	if sent := server.requests[0]; sent.body != `{"code_config":{"pattern":"SUMMER-####-####"}}` || sent.key == "" {
		t.Errorf("sent %+v", sent)
	}
	if r := call(t, server.connected(t, "generate", "--campaign", "summer", "--count", "1000", "--csv", "-")...); r.out != "Code\nA-1\nA-2\n" {
		t.Errorf("%v", r)
	}
	if r := call(t, server.connected(t, "generate", "--campaign", "summer", "--count", "1")...); r.code != 0 || !strings.Contains(r.out, "SUMMER-1") {
		t.Errorf("%v", r)
	}
	server.answers["GET /v1/campaigns/summer/codes.csv"] = refusal("unavailable")
	missing := filepath.Join(t.TempDir(), "codes.csv")
	r = call(t, server.connected(t, "generate", "--campaign", "summer", "--count", "1", "--csv", missing, "--timeout", "50ms")...)
	entries, err := os.ReadDir(filepath.Dir(missing))
	if r.code != codeUnavailable || err != nil || len(entries) != 0 {
		t.Errorf("%v, left behind %v, %v", r, entries, err)
	}
}

// Without this a progress bar that is not ended keeps the program from ending,
// or its escape codes land in a script's input.
func TestProgressBars(t *testing.T) {
	server := newFake(t, map[string]reply{
		"POST /v1/campaigns/summer/importCSV":    {202, `{"async_action_id":"aa_1"}`},
		"GET /v1/async-actions/aa_1":             done(job),
		"GET /v1/async-actions/aa_1/rejects.csv": done(rejectsCSV),
	})
	file := write(t, "codes.csv", "Code\nA-1\n")
	r := callOn(true, t.Context(), server.connected(t, "import", file, "--campaign", "summer")...)
	if r.code != codeNotDone || !strings.Contains(r.err, "uploading") || !strings.Contains(r.err, "importing") || strings.Contains(r.out, "\x1b") {
		t.Errorf("%q", r)
	}
	server.answers["POST /v1/campaigns/summer/importCSV"] = refusal("forbidden")
	if r := callOn(true, t.Context(), server.connected(t, "import", file, "--campaign", "summer")...); r.code != codeNotAllowed {
		t.Errorf("%q", r)
	}
	if r := callOn(true, t.Context(), server.connected(t, "import", file, "--campaign", "summer", "-o", "json")...); strings.Contains(r.err, "uploading") {
		t.Errorf("bars beside JSON: %q", r)
	}
}
