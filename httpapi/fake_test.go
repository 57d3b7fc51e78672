package httpapi

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/wire"
)

// fake is an engine that remembers what it was asked and says yes. A test sets
// a hook where it wants another answer.
type fake struct {
	mu    sync.Mutex
	calls []string // guarded by mu; "Method arguments…"
	last  engine.Call

	err      error // what every method answers when it is set
	onRedeem func(ctx context.Context, req *wire.RedeemRequest, out *wire.RedeemResponse) error
	onImport func(body io.Reader) error
	onExport func(ctx context.Context, w io.Writer) error
	onFollow func(ctx context.Context, cursor string, deliver func(wire.Event) error) error
	ready    bool
	reasons  []string
	live     bool
}

func newFake() *fake { return &fake{ready: true, live: true} }

func (f *fake) saw(c engine.Call, method string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = c
	f.calls = append(f.calls, strings.TrimRight(method+" "+strings.TrimSuffix(fmt.Sprintln(args...), "\n"), " "))
	return f.err
}

// took returns the calls since the last time, as one string.
func (f *fake) took() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	calls := strings.Join(f.calls, "; ")
	f.calls = nil
	return calls
}

func (f *fake) lastCall() engine.Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// The keys of the fake: an app id for each role, one token.
const goodToken = "token-of-the-test"

func (f *fake) Authenticate(appID, token []byte) (engine.Caller, bool) {
	role := strings.ToUpper(string(appID))
	known := role == engine.RoleAdmin || role == engine.RoleUser || role == engine.RoleViewer || role == "NOBODY"
	return engine.Caller{Project: 1, Key: 7, Role: role}, known && string(token) == goodToken
}

func (f *fake) AuthenticateBearer(token []byte) (engine.Caller, bool) {
	return engine.Caller{Project: 1, Key: 8, Role: engine.RoleUser}, string(token) == "bearer-of-the-test"
}

func (f *fake) OAuthToken(appID, token []byte) (wire.OAuthToken, error) {
	if _, ok := f.Authenticate(appID, token); !ok {
		return wire.OAuthToken{}, refuse(wire.KeyUnauthorized, "")
	}
	return wire.OAuthToken{AccessToken: "bearer-of-the-test", TokenType: "Bearer", ExpiresIn: 900}, nil
}

func (f *fake) Redeem(ctx context.Context, c engine.Call, req *wire.RedeemRequest, out *wire.RedeemResponse) error {
	code := req.Redeemables[0].ID
	if err := f.saw(c, "Redeem", code, req.TrackingID); err != nil {
		return err
	}
	if f.onRedeem != nil {
		return f.onRedeem(ctx, req, out)
	}
	out.Redemptions = append(out.Redemptions, wire.Redemption{
		ID: "r_1", Object: "redemption", Result: wire.ResultSuccess, Status: wire.StatusSucceeded,
		RelatedObjectType: "voucher", RelatedObjectID: "v_1", TrackingID: wire.Nullable(req.TrackingID),
		Voucher: &wire.Voucher{ID: "v_1", Code: code, Object: "voucher", Type: wire.VoucherDiscount},
	})
	return nil
}

func (f *fake) RedeemBatch(ctx context.Context, c engine.Call, req *wire.BatchRequest, out *wire.BatchResponse) error {
	for i := range req.Redemptions {
		item := &req.Redemptions[i]
		if item.Invalid != nil {
			e := item.Invalid.Wire()
			out.Results = append(out.Results, wire.BatchResult{Status: e.Code, Error: &e})
			continue
		}
		var one wire.RedeemResponse
		if err := f.Redeem(ctx, c, &item.RedeemRequest, &one); err != nil {
			return err
		}
		out.Results = append(out.Results, wire.BatchResult{Status: 200, Redemption: &one.Redemptions[0]})
	}
	return nil
}

func (f *fake) Validate(_ context.Context, c engine.Call, req *wire.RedeemRequest, out *wire.ValidationResponse) error {
	out.Valid = true
	out.StackingRules = wire.OneRedeemable()
	return f.saw(c, "Validate", req.Redeemables[0].ID)
}

func (f *fake) ValidateVoucher(_ context.Context, c engine.Call, code string, req *wire.RedeemRequest) (*wire.VoucherValidation, error) {
	return &wire.VoucherValidation{Valid: true, Code: code}, f.saw(c, "ValidateVoucher", code, req.Redeemables[0].ID)
}

func (f *fake) Explain(_ context.Context, c engine.Call, req *wire.ExplainRequest) (*wire.ExplainResponse, error) {
	return &wire.ExplainResponse{Object: "explanation", Now: req.Now}, f.saw(c, "Explain", req.Redeemables[0].ID)
}

func (f *fake) Rollback(_ context.Context, c engine.Call, id string, req *wire.RollbackRequest) (*wire.Rollback, error) {
	return &wire.Rollback{ID: "rr_1", Object: "redemption_rollback", Redemption: id},
		f.saw(c, "Rollback", id, req.Reason, req.TrackingID)
}

func (f *fake) Redemption(_ context.Context, c engine.Call, id string) (*wire.RedemptionEntry, error) {
	return &wire.RedemptionEntry{Redemption: &wire.Redemption{ID: id, Object: "redemption"}}, f.saw(c, "Redemption", id)
}

func (f *fake) Redemptions(_ context.Context, c engine.Call, q engine.RedemptionQuery) (*wire.List[wire.RedemptionEntry], error) {
	return &wire.List[wire.RedemptionEntry]{DataRef: wire.ListRedemptions}, f.saw(c, "Redemptions", fmt.Sprintf("%+v", q))
}

func (f *fake) VoucherRedemptions(_ context.Context, c engine.Call, code string, p engine.Page) (*wire.List[wire.RedemptionEntry], error) {
	return &wire.List[wire.RedemptionEntry]{DataRef: wire.ListRedemptionEntries, Uses: &wire.VoucherUses{}},
		f.saw(c, "VoucherRedemptions", code)
}

// panicking is a law that finds itself broken.
func panicking(context.Context, *wire.RedeemRequest, *wire.RedeemResponse) error {
	panic("S5: used 4 > 3")
}

func voucher(code string) *wire.Voucher {
	return &wire.Voucher{ID: "v_1", Code: code, Type: wire.VoucherDiscount, Object: "voucher"}
}

func (f *fake) CreateVoucher(_ context.Context, c engine.Call, code string, _ *wire.VoucherCreate) (*wire.Voucher, error) {
	return voucher(code), f.saw(c, "CreateVoucher", code)
}

func (f *fake) Voucher(_ context.Context, c engine.Call, code string) (*wire.Voucher, error) {
	return voucher(code), f.saw(c, "Voucher", code)
}

func (f *fake) UpdateVoucher(_ context.Context, c engine.Call, code string, _ *wire.VoucherUpdate) (*wire.Voucher, error) {
	return voucher(code), f.saw(c, "UpdateVoucher", code)
}

func (f *fake) DeleteVoucher(_ context.Context, c engine.Call, code string) error {
	return f.saw(c, "DeleteVoucher", code)
}

func (f *fake) Vouchers(_ context.Context, c engine.Call, q engine.VoucherQuery) (*wire.List[wire.Voucher], error) {
	return &wire.List[wire.Voucher]{DataRef: wire.ListVouchers}, f.saw(c, "Vouchers", fmt.Sprintf("%+v", q))
}

func (f *fake) SetVoucherEnabled(_ context.Context, c engine.Call, code string, on bool) (*wire.Voucher, error) {
	return voucher(code), f.saw(c, "SetVoucherEnabled", code, on)
}

func (f *fake) ChangeBalance(_ context.Context, c engine.Call, code string, req *wire.BalanceChange) (*wire.BalanceResponse, error) {
	return &wire.BalanceResponse{Amount: req.Amount.Value}, f.saw(c, "ChangeBalance", code, req.Amount.Value)
}

func (f *fake) Transactions(_ context.Context, c engine.Call, code string, p engine.Page) (*wire.List[wire.Transaction], error) {
	return &wire.List[wire.Transaction]{DataRef: wire.ListData}, f.saw(c, "Transactions", code, p.Cursor, p.Number)
}

func (f *fake) Timeline(_ context.Context, c engine.Call, code string, p engine.Page) (*wire.List[wire.Event], error) {
	return &wire.List[wire.Event]{DataRef: wire.ListData}, f.saw(c, "Timeline", code, p.Limit)
}

func campaign(id string) *wire.Campaign { return &wire.Campaign{ID: id, Name: id, Object: "campaign"} }

func (f *fake) CreateCampaign(_ context.Context, c engine.Call, req *wire.CampaignCreate) (*wire.Campaign, error) {
	return campaign(req.Name), f.saw(c, "CreateCampaign", req.Name)
}

func (f *fake) Campaign(_ context.Context, c engine.Call, id string) (*wire.Campaign, error) {
	return campaign(id), f.saw(c, "Campaign", id)
}

func (f *fake) UpdateCampaign(_ context.Context, c engine.Call, id string, _ *wire.CampaignUpdate) (*wire.Campaign, error) {
	return campaign(id), f.saw(c, "UpdateCampaign", id)
}

func (f *fake) DeleteCampaign(_ context.Context, c engine.Call, id string) (*wire.Accepted, error) {
	return &wire.Accepted{AsyncActionID: "aa_1"}, f.saw(c, "DeleteCampaign", id)
}

func (f *fake) Campaigns(_ context.Context, c engine.Call, q engine.CampaignQuery) (*wire.List[wire.Campaign], error) {
	return &wire.List[wire.Campaign]{DataRef: wire.ListCampaigns}, f.saw(c, "Campaigns", fmt.Sprintf("%+v", q))
}

func (f *fake) SetCampaignEnabled(_ context.Context, c engine.Call, id string, on bool) (*wire.Campaign, error) {
	return campaign(id), f.saw(c, "SetCampaignEnabled", id, on)
}

func (f *fake) CampaignSummary(_ context.Context, c engine.Call, id string) (*wire.CampaignSummary, error) {
	return &wire.CampaignSummary{Object: "campaign_summary", CampaignID: id}, f.saw(c, "CampaignSummary", id)
}

func (f *fake) AddVoucher(_ context.Context, c engine.Call, id, code string, _ *wire.VoucherCreate) (*wire.Voucher, error) {
	return voucher(code), f.saw(c, "AddVoucher", id, code)
}

func (f *fake) Generate(_ context.Context, c engine.Call, id string, n int64, _ *wire.GenerateRequest) (*wire.Accepted, error) {
	return &wire.Accepted{AsyncActionID: "aa_1"}, f.saw(c, "Generate", id, n)
}

func (f *fake) Import(_ context.Context, c engine.Call, id string, format engine.ImportFormat, body io.Reader) (*wire.Accepted, error) {
	if f.onImport != nil {
		if err := f.onImport(body); err != nil {
			return nil, err
		}
		return &wire.Accepted{AsyncActionID: "aa_1"}, nil
	}
	file, err := io.ReadAll(body)
	if err != nil {
		return nil, refuse(wire.KeyInternalError, err.Error()) // as an engine does that wraps it
	}
	return &wire.Accepted{AsyncActionID: "aa_1"}, f.saw(c, "Import", id, format, string(file))
}

func (f *fake) ExportCSV(ctx context.Context, c engine.Call, id string, w io.Writer) error {
	if f.onExport != nil {
		return f.onExport(ctx, w)
	}
	_, err := io.WriteString(w, "Code\nA\nB\n")
	_ = f.saw(c, "ExportCSV", id)
	return err
}

func (f *fake) RejectsCSV(_ context.Context, c engine.Call, id string, w io.Writer) error {
	_, err := io.WriteString(w, "row,code,reason,details\n")
	_ = f.saw(c, "RejectsCSV", id)
	return err
}

func (f *fake) PutCustomer(_ context.Context, c engine.Call, req *wire.Customer) (*wire.CustomerAnswer, error) {
	return &wire.CustomerAnswer{ID: "cust_1"}, f.saw(c, "PutCustomer", req.SourceID)
}

func (f *fake) Customer(_ context.Context, c engine.Call, id string) (*wire.CustomerAnswer, error) {
	return &wire.CustomerAnswer{ID: id}, f.saw(c, "Customer", id)
}

func (f *fake) UpdateCustomer(_ context.Context, c engine.Call, id string, _ *wire.CustomerUpdate) (*wire.CustomerAnswer, error) {
	return &wire.CustomerAnswer{ID: id}, f.saw(c, "UpdateCustomer", id)
}

func (f *fake) DeleteCustomer(_ context.Context, c engine.Call, id string) error {
	return f.saw(c, "DeleteCustomer", id)
}

func (f *fake) Customers(_ context.Context, c engine.Call, q engine.CustomerQuery) (*wire.List[wire.CustomerAnswer], error) {
	return &wire.List[wire.CustomerAnswer]{DataRef: wire.ListCustomers}, f.saw(c, "Customers", fmt.Sprintf("%+v", q))
}

func (f *fake) AsyncAction(_ context.Context, c engine.Call, id string) (*wire.AsyncAction, error) {
	return &wire.AsyncAction{ID: id}, f.saw(c, "AsyncAction", id)
}

func (f *fake) AsyncActions(_ context.Context, c engine.Call, p engine.Page) (*wire.List[wire.AsyncAction], error) {
	return &wire.List[wire.AsyncAction]{DataRef: wire.ListAsyncActions}, f.saw(c, "AsyncActions", p.Limit, p.Number)
}

func (f *fake) Events(_ context.Context, c engine.Call, cursor string, limit int) (*wire.List[wire.Event], error) {
	if cursor == "broken" {
		return nil, refuse(wire.KeyInvalidQueryParams, "")
	}
	return &wire.List[wire.Event]{DataRef: wire.ListData}, f.saw(c, "Events", cursor, limit)
}

func (f *fake) EventsNow(_ context.Context, c engine.Call) (string, error) {
	return "now", f.saw(c, "EventsNow")
}

func (f *fake) FollowEvents(ctx context.Context, c engine.Call, cursor string, deliver func(wire.Event) error) error {
	_ = f.saw(c, "FollowEvents", cursor)
	if f.onFollow != nil {
		return f.onFollow(ctx, cursor, deliver)
	}
	<-ctx.Done()
	return ctx.Err()
}

func (f *fake) Project(_ context.Context, c engine.Call) (*wire.Project, error) {
	return &wire.Project{ID: "proj_1"}, f.saw(c, "Project")
}

func (f *fake) UpdateProject(_ context.Context, c engine.Call, req *wire.ProjectUpdate) (*wire.Project, error) {
	return &wire.Project{ID: "proj_1"}, f.saw(c, "UpdateProject", req.IdempotencySource)
}

func (f *fake) CreateKey(_ context.Context, c engine.Call, req *wire.APIKeyCreate) (*wire.APIKey, error) {
	return &wire.APIKey{ID: "key_1", Role: req.Role}, f.saw(c, "CreateKey", req.Role)
}

func (f *fake) Keys(_ context.Context, c engine.Call) (*wire.List[wire.APIKey], error) {
	return &wire.List[wire.APIKey]{DataRef: wire.ListData}, f.saw(c, "Keys")
}

func (f *fake) RotateKey(_ context.Context, c engine.Call, id string) (*wire.APIKey, error) {
	return &wire.APIKey{ID: id}, f.saw(c, "RotateKey", id)
}

func (f *fake) RevokeKey(_ context.Context, c engine.Call, id string) error {
	return f.saw(c, "RevokeKey", id)
}

func (f *fake) Status() engine.Status   { return engine.Status{Version: "test"} }
func (f *fake) Ready() (bool, []string) { return f.ready, f.reasons }
func (f *fake) Live() bool              { return f.live }

func (f *fake) ClockStatus() engine.ClockStatus { return engine.ClockStatus{Refused: true} }

func (f *fake) AcceptClock(at wire.Time) (engine.ClockStatus, error) {
	return engine.ClockStatus{Accepted: true}, f.saw(engine.Call{}, "AcceptClock", at.String())
}

func (f *fake) Backup(_ context.Context, dir string) (engine.BackupInfo, error) {
	return engine.BackupInfo{}, f.saw(engine.Call{}, "Backup", dir)
}
