package test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/scrip-engine/scrip/client"
	"github.com/scrip-engine/scrip/wire"
)

// writeFormat makes testdata/format-1 anew. Only the version that defines a
// format may write it: afterwards the directory is what later versions must be
// able to open, for ever.
var writeFormat = flag.Bool("write-format", false, "make testdata/format-1 and its answers anew")

const (
	formatDir     = "testdata/format-1"
	formatAnswers = "testdata/format-1.jsonl"
)

// question is a request with the answer that the version of the directory gave.
// A later version may say more, and must not say anything else.
type question struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Body   json.RawMessage `json:"body,omitempty"`
	Status int             `json:"status"`
	Answer json.RawMessage `json:"answer,omitempty"`
}

// Without this an upgrade loses what was stored before it, or reads it as
// something else: a used code that can be used again, a balance that is another.
func TestFormatOne(t *testing.T) {
	if *writeFormat {
		makeFormat(t)
	}
	questions := storedQuestions(t)
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(dir, os.DirFS(formatDir)); err != nil {
		t.Fatal(err)
	}
	s := start(t, dir)
	for round, name := range []string{"opened", "opened again"} {
		if round > 0 {
			s.stop()
			s.begin()
		}
		for i := range questions {
			q := &questions[i]
			eventually(t, "the views to have caught up", func() bool {
				got, err := s.ask(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				different := got.differs(q)
				if different != "" && s.viewsAreCurrent(t) {
					t.Errorf("%s: %s %s: %s\n got %d %s\nwant %d %s", name, q.Method, q.Path, different, got.Status, got.Answer, q.Status, q.Answer)
					return true
				}
				return different == ""
			})
		}
	}
	usable(t, s)
}

func storedQuestions(t *testing.T) (questions []question) {
	t.Helper()
	text, err := os.ReadFile(formatAnswers)
	if err != nil {
		t.Fatal(err)
	}
	for in := json.NewDecoder(bytes.NewReader(text)); in.More(); {
		var q question
		if err := in.Decode(&q); err != nil {
			t.Fatal(err)
		}
		questions = append(questions, q)
	}
	if len(questions) < 20 {
		t.Fatalf("only %d answers", len(questions))
	}
	return questions
}

// usable requires that the old data can be worked with, not only read.
func usable(t *testing.T, s *server) {
	t.Helper()
	c, ctx := s.client(), t.Context()
	r, err := c.RedeemCode(ctx, "FORMAT-MULTI", "newcomer", &wire.Order{Amount: wire.Some[int64](1000)})
	if err != nil || r.Voucher.Redemption.RedeemedQuantity != 3 {
		t.Errorf("redeem: %+v, %v", r, err)
	}
	b, err := c.ChangeBalance(ctx, "FORMAT-CARD", &wire.BalanceChange{Amount: wire.Some[int64](50)})
	if err != nil || b.Balance != 7550 {
		t.Errorf("balance: %+v, %v", b, err)
	}
	a, err := c.Generate(ctx, "format", 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	if job, err := c.Wait(ctx, a.AsyncActionID, nil); err != nil || job.Result.DoneCount != 10 {
		t.Errorf("generate: %+v, %v", job, err)
	}
}

// viewsAreCurrent asks for a list after a change: it has the change once the
// views have everything before it.
func (s *server) viewsAreCurrent(t *testing.T) bool {
	t.Helper()
	c := s.client()
	v, err := c.CreateVoucher(t.Context(), "", giftOf(1))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the views", func() bool {
		list, err := c.Vouchers(t.Context(), client.VoucherQuery{Code: v.Code})
		return err == nil && len(list.Data) == 1
	})
	return true
}

// ask sends a question and returns it with the answer of now.
func (s *server) ask(ctx context.Context, q *question) (*question, error) {
	req, err := http.NewRequestWithContext(ctx, q.Method, s.url+q.Path, bytes.NewReader(q.Body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-App-Id", appID)
	req.Header.Set("X-App-Token", appToken)
	req.Header.Set("Content-Type", "application/json")
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: waitMax}).Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	return &question{Method: q.Method, Path: q.Path, Body: q.Body, Status: res.StatusCode, Answer: body}, nil
}

// differs returns the place of the first thing that was said and is not said any
// more, or "".
func (q *question) differs(was *question) string {
	if q.Status != was.Status {
		return "status"
	}
	var now, then any
	if json.Unmarshal(q.Answer, &now) != nil || json.Unmarshal(was.Answer, &then) != nil {
		return "no JSON"
	}
	return missing(then, now)
}

// missing returns the path of the first part of then that now lacks.
func missing(then, now any) string {
	switch t := then.(type) {
	case map[string]any:
		n, ok := now.(map[string]any)
		if !ok {
			return "(object)"
		}
		for name, value := range t {
			if path := missing(value, n[name]); path != "" {
				return name + "." + path
			}
		}
		return ""
	case []any:
		n, ok := now.([]any)
		if !ok || len(n) != len(t) {
			return "(length)"
		}
		for i := range t {
			if path := missing(t[i], n[i]); path != "" {
				return fmt.Sprintf("[%d].%s", i, path)
			}
		}
		return ""
	}
	if !reflect.DeepEqual(then, now) {
		return "(value)"
	}
	return ""
}

// makeFormat fills a new data directory with one of everything, part of it in an
// image and part of it in the log behind that, and writes down what it answers.
func makeFormat(t *testing.T) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	s := start(t, dir, "--shards", "2", "--currency", "EUR")
	f := &formatter{T: t, s: s, c: s.client()}
	f.beforeImage()
	f.awaitImages()
	f.afterImage()
	s.viewsAreCurrent(t)
	for i := range f.questions {
		got, err := s.ask(t.Context(), &f.questions[i])
		if err != nil {
			t.Fatal(err)
		}
		f.questions[i].Status, f.questions[i].Answer = got.Status, lasting(t, got.Answer)
	}
	s.stop()
	var text []byte
	for i := range f.questions { // one a line, to be reviewed as a diff
		line, err := json.Marshal(&f.questions[i])
		f.ok(err)
		text = append(append(text, line...), '\n')
	}
	f.ok(os.WriteFile(formatAnswers, text, 0o644))
	f.ok(os.RemoveAll(formatDir))
	f.ok(os.CopyFS(formatDir, os.DirFS(dir)))
}

// lasting drops what differs from one asking to the next.
func lasting(t *testing.T, answer []byte) json.RawMessage {
	t.Helper()
	if len(answer) == 0 {
		return nil
	}
	var v any
	if err := json.Unmarshal(answer, &v); err != nil {
		t.Fatal(err)
	}
	var drop func(any)
	drop = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, name := range []string{"as_of", "request_id", "next_cursor", "cursor", "message", "details", "processing_time"} {
				delete(v, name)
			}
			for _, member := range v {
				drop(member)
			}
		case []any:
			for _, element := range v {
				drop(element)
			}
		}
	}
	drop(v)
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// formatter puts things into the directory and notes what to ask about them.
type formatter struct {
	*testing.T
	s         *server
	c         *client.Client
	questions []question
}

func (f *formatter) ok(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *formatter) get(paths ...string) {
	for _, path := range paths {
		f.questions = append(f.questions, question{Method: http.MethodGet, Path: path})
	}
}

// refused notes a redemption that must go on being refused.
func (f *formatter) refused(code, customer string) {
	body := fmt.Sprintf(`{"redeemables":[{"object":"voucher","id":%q}],"customer":{"source_id":%q},"order":{"amount":1000}}`, code, customer)
	f.questions = append(f.questions, question{Method: http.MethodPost, Path: "/v1/redemptions", Body: json.RawMessage(body)})
}

func (f *formatter) create(code string, v *wire.VoucherCreate) {
	f.Helper()
	_, err := f.c.CreateVoucher(f.Context(), code, v)
	f.ok(err)
}

func (f *formatter) redeem(code, customer string, amount int64) *wire.Redemption {
	f.Helper()
	r, err := f.c.RedeemCode(f.Context(), code, customer, &wire.Order{
		SourceID: "order-" + code, Amount: wire.Some(amount), Metadata: wire.Raw(`{"shop":"Ulm"}`),
		Items: []wire.OrderItem{{ProductID: "p-1", Quantity: wire.Some[int64](2), Amount: wire.Some(amount)}},
	})
	f.ok(err)
	f.get("/v1/redemptions/" + r.ID)
	return r
}

func (f *formatter) beforeImage() {
	ctx := f.Context()
	campaign, err := f.c.CreateCampaign(ctx, &wire.CampaignCreate{
		Name: "format", Description: "the first format", ExpirationDate: instant(f.T, "2099-01-01T00:00:00Z"), Metadata: wire.Raw(`{"team":"growth"}`),
		Voucher: &wire.CampaignVoucher{
			Type:     wire.VoucherDiscount,
			Discount: &wire.Discount{Type: wire.DiscountPercent, PercentOff: wire.Some[wire.Percent](1250), AmountLimit: wire.Some[int64](5000)},
		},
	})
	f.ok(err)
	for _, code := range []string{"FORMAT-USED", "FORMAT-FREE", "FORMAT-GONE", "Formät-Ünïcode"} {
		_, err := f.c.AddVoucher(ctx, "format", code, &wire.GenerateRequest{Metadata: wire.Raw(`{"code":"` + code + `"}`)})
		f.ok(err)
	}
	_, err = f.c.PutCustomer(ctx, &wire.Customer{SourceID: "ann", Name: "Ann", Email: "ann@example.com", Address: wire.Address{City: "Ulm"}, Metadata: wire.Raw(`{"vip":true}`)})
	f.ok(err)
	f.create("FORMAT-MULTI", multiUse(10, 1))
	f.create("FORMAT-CARD", giftOf(10_000))
	f.redeem("FORMAT-USED", "ann", 8000)
	f.redeem("FORMAT-MULTI", "ann", 4000)
	f.redeem("FORMAT-CARD", "", 3000)
	f.ok(f.c.DeleteVoucher(ctx, "FORMAT-GONE"))
	f.get("/v1/campaigns/format", "/v1/campaigns/"+campaign.ID+"/summary", "/v1/customers/ann",
		"/v1/vouchers/FORMAT-USED", "/v1/vouchers/FORMAT-FREE", "/v1/vouchers/FORMAT-GONE", "/v1/vouchers/FORM%C3%84T-%C3%9CN%C3%8FCODE")
	f.refused("FORMAT-USED", "bob")
	f.refused("FORMAT-GONE", "bob")
	f.refused("FORMAT-MULTI", "ann")
}

func multiUse(uses, perCustomer int64) *wire.VoucherCreate {
	return (&item{uses: uses, perCustomer: perCustomer}).create()
}

// awaitImages has an image made of every shard: the erasure of a customer asks
// for it.
func (f *formatter) awaitImages() {
	f.Helper()
	_, err := f.c.PutCustomer(f.Context(), &wire.Customer{SourceID: "erased", Name: "Nobody"})
	f.ok(err)
	f.ok(f.c.DeleteCustomer(f.Context(), "erased"))
	f.get("/v1/customers/erased")
	eventually(f, "images", func() bool {
		found, err := filepath.Glob(filepath.Join(f.s.dir, "replica/images/*/*"))
		f.ok(err)
		return len(found) > 0
	})
}

func (f *formatter) afterImage() {
	ctx := f.Context()
	f.redeem("FORMAT-MULTI", "bob", 2000)
	back := f.redeem("FORMAT-CARD", "bob", 1500)
	part, err := f.c.Rollback(ctx, back.ID, &wire.RollbackRequest{Amount: wire.Some[int64](500), Reason: "one glass broke"})
	f.ok(err)
	_, err = f.c.ChangeBalance(ctx, "FORMAT-CARD", &wire.BalanceChange{Amount: wire.Some[int64](1500), Reason: "top-up", SourceID: "till-7"})
	f.ok(err)
	job, err := f.c.ImportVouchers(ctx, "format", []wire.VoucherImport{{Code: "FORMAT-IMPORT-1"}, {Code: "FORMAT-IMPORT-2"}, {Code: "FORMAT-USED"}})
	f.ok(err)
	_, err = f.c.Wait(ctx, job.AsyncActionID, nil)
	f.ok(err)
	_, err = f.c.DisableVoucher(ctx, "FORMAT-FREE")
	f.ok(err)
	f.create("FORMAT-HELD", &wire.VoucherCreate{Type: wire.VoucherDiscount, HolderID: "ann", Discount: &wire.Discount{Type: wire.DiscountFixed, FixedAmount: wire.Some[int64](99)}})
	f.refused("FORMAT-FREE", "bob")
	f.refused("FORMAT-HELD", "bob")
	f.get("/v1/redemptions/"+part.ID, "/v1/async-actions/"+job.AsyncActionID, "/v1/vouchers/FORMAT-HELD", "/v1/vouchers/FORMAT-IMPORT-1",
		"/v1/vouchers/FORMAT-MULTI", "/v1/vouchers/FORMAT-MULTI/redemption", "/v1/vouchers/FORMAT-CARD",
		"/v1/vouchers/FORMAT-CARD/transactions?limit=100", "/v1/vouchers/FORMAT-CARD/redemption", "/v1/vouchers/FORMAT-FREE/timeline",
		"/v1/redemptions?customer=bob", "/v1/redemptions?campaign=format", "/v1/vouchers?campaign=format&limit=100", "/v1/project")
}

// Without this a comparison that lets everything pass looks like a format that
// was read well.
func TestAnswersAreCompared(t *testing.T) {
	f := func(then, now, want string) {
		t.Helper()
		a, b := &question{Status: 200, Answer: json.RawMessage(then)}, &question{Status: 200, Answer: json.RawMessage(now)}
		if got := b.differs(a); got != want {
			t.Errorf("%s, now %s: %q, want %q", then, now, got, want)
		}
	}
	f(`{"a":[{"b":1}]}`, `{"a":[{"b":1,"c":2}],"d":3}`, "")
	f(`{"a":[{"b":1}]}`, `{"a":[{"b":2}]}`, "a.[0].b.(value)")
	f(`{"a":[1]}`, `{"a":[1,2]}`, "a.(length)")
	f(`{"a":1}`, `{}`, "a.(value)")
	f(`{"a":{}}`, `{"a":1}`, "a.(object)")
	if string(lasting(t, []byte(`{"as_of":1,"a":[{"message":2}]}`))) != `{"a":[{}]}` {
		t.Error("what does not last was kept")
	}
}
