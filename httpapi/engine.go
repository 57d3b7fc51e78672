package httpapi

import (
	"context"
	"io"

	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/wire"
)

// Engine is what the server needs of *engine.Engine. All methods may be called
// from any number of goroutines. Every error is a *wire.Error; any other is
// answered as internal_error. An implementation keeps nothing of a request, nor
// of its strings, after it returned: requests are pooled here.
type Engine interface {
	authenticator
	redeemer
	voucherKeeper
	campaignKeeper
	customerKeeper
	observer
	refusalKeeper
	keyKeeper
	operations
}

type authenticator interface {
	// Authenticate and AuthenticateBearer do not keep their arguments, which
	// belong to the connection.
	Authenticate(appID, token []byte) (engine.Caller, bool)
	AuthenticateBearer(token []byte) (engine.Caller, bool)
	OAuthToken(appID, token []byte) (wire.OAuthToken, error)
}

type redeemer interface {
	Redeem(ctx context.Context, c engine.Call, req *wire.RedeemRequest, out *wire.RedeemResponse) error
	RedeemBatch(ctx context.Context, c engine.Call, req *wire.BatchRequest, out *wire.BatchResponse) error
	Validate(ctx context.Context, c engine.Call, req *wire.RedeemRequest, out *wire.ValidationResponse) error
	ValidateVoucher(ctx context.Context, c engine.Call, code string, req *wire.RedeemRequest) (*wire.VoucherValidation, error)
	Explain(ctx context.Context, c engine.Call, req *wire.ExplainRequest) (*wire.ExplainResponse, error)
	Rollback(ctx context.Context, c engine.Call, redemptionID string, req *wire.RollbackRequest) (*wire.Rollback, error)
	Redemption(ctx context.Context, c engine.Call, id string) (*wire.RedemptionEntry, error)
	Redemptions(ctx context.Context, c engine.Call, q engine.RedemptionQuery) (*wire.List[wire.RedemptionEntry], error)
	VoucherRedemptions(ctx context.Context, c engine.Call, code string, p engine.Page) (*wire.List[wire.RedemptionEntry], error)
}

type voucherKeeper interface {
	// CreateVoucher draws a code when code is empty.
	CreateVoucher(ctx context.Context, c engine.Call, code string, req *wire.VoucherCreate) (*wire.Voucher, error)
	Voucher(ctx context.Context, c engine.Call, codeOrID string) (*wire.Voucher, error)
	UpdateVoucher(ctx context.Context, c engine.Call, code string, req *wire.VoucherUpdate) (*wire.Voucher, error)
	DeleteVoucher(ctx context.Context, c engine.Call, code string) error
	Vouchers(ctx context.Context, c engine.Call, q engine.VoucherQuery) (*wire.List[wire.Voucher], error)
	SetVoucherEnabled(ctx context.Context, c engine.Call, code string, on bool) (*wire.Voucher, error)
	ChangeBalance(ctx context.Context, c engine.Call, code string, req *wire.BalanceChange) (*wire.BalanceResponse, error)
	// Timeline lists what happened to a voucher.
	Timeline(ctx context.Context, c engine.Call, code string, p engine.Page) (*wire.List[wire.Event], error)
	Transactions(ctx context.Context, c engine.Call, code string, p engine.Page) (*wire.List[wire.Transaction], error)
}

type campaignKeeper interface {
	CreateCampaign(ctx context.Context, c engine.Call, req *wire.CampaignCreate) (*wire.Campaign, error)
	Campaign(ctx context.Context, c engine.Call, nameOrID string) (*wire.Campaign, error)
	UpdateCampaign(ctx context.Context, c engine.Call, nameOrID string, req *wire.CampaignUpdate) (*wire.Campaign, error)
	DeleteCampaign(ctx context.Context, c engine.Call, nameOrID string) (*wire.Accepted, error)
	Campaigns(ctx context.Context, c engine.Call, q engine.CampaignQuery) (*wire.List[wire.Campaign], error)
	SetCampaignEnabled(ctx context.Context, c engine.Call, nameOrID string, on bool) (*wire.Campaign, error)
	CampaignSummary(ctx context.Context, c engine.Call, nameOrID string) (*wire.CampaignSummary, error)
	AddVoucher(ctx context.Context, c engine.Call, campaign, code string, req *wire.VoucherCreate) (*wire.Voucher, error)
	Generate(ctx context.Context, c engine.Call, campaign string, count int64, req *wire.GenerateRequest) (*wire.Accepted, error)
	// Import reads body to its end before it accepts; an error of body means
	// that nothing was accepted. An empty campaign means standalone vouchers.
	Import(ctx context.Context, c engine.Call, campaign string, format engine.ImportFormat, body io.Reader) (*wire.Accepted, error)
	// ExportCSV writes the campaign's codes to w as it reads them.
	ExportCSV(ctx context.Context, c engine.Call, campaign string, w io.Writer) error
}

type customerKeeper interface {
	PutCustomer(ctx context.Context, c engine.Call, req *wire.Customer) (*wire.CustomerAnswer, error)
	Customer(ctx context.Context, c engine.Call, idOrSource string) (*wire.CustomerAnswer, error)
	UpdateCustomer(ctx context.Context, c engine.Call, idOrSource string, req *wire.CustomerUpdate) (*wire.CustomerAnswer, error)
	DeleteCustomer(ctx context.Context, c engine.Call, idOrSource string) error
	Customers(ctx context.Context, c engine.Call, q engine.CustomerQuery) (*wire.List[wire.CustomerAnswer], error)
}

type observer interface {
	AsyncAction(ctx context.Context, c engine.Call, id string) (*wire.AsyncAction, error)
	// RejectsCSV writes the rows that a job did not carry out to w as it reads them.
	RejectsCSV(ctx context.Context, c engine.Call, id string, w io.Writer) error
	AsyncActions(ctx context.Context, c engine.Call, p engine.Page) (*wire.List[wire.AsyncAction], error)
	Events(ctx context.Context, c engine.Call, cursor string, limit int) (*wire.List[wire.Event], error)
	// EventsNow returns the cursor behind everything acknowledged before the call.
	EventsNow(ctx context.Context, c engine.Call) (string, error)
	// FollowEvents delivers what happens after cursor, or all from the beginning
	// when that is empty, until ctx ends or deliver returns an error. It calls deliver from one goroutine at a time.
	FollowEvents(ctx context.Context, c engine.Call, cursor string, deliver func(wire.Event) error) error
}

type keyKeeper interface {
	Project(ctx context.Context, c engine.Call) (*wire.Project, error)
	UpdateProject(ctx context.Context, c engine.Call, req *wire.ProjectUpdate) (*wire.Project, error)
	CreateKey(ctx context.Context, c engine.Call, req *wire.APIKeyCreate) (*wire.APIKey, error)
	Keys(ctx context.Context, c engine.Call) (*wire.List[wire.APIKey], error)
	RotateKey(ctx context.Context, c engine.Call, id string) (*wire.APIKey, error)
	RevokeKey(ctx context.Context, c engine.Call, id string) error
}

// operations are what the ops address shows.
type operations interface {
	Status() engine.Status
	// Ready says whether requests can be served, and if not, why.
	Ready() (bool, []string)
	// Live says whether the process should go on living.
	Live() bool
	Backup(ctx context.Context, dir string) (engine.BackupInfo, error)
	// ClockStatus says what the node thinks of its clock; AcceptClock accepts one that
	// jumped ahead, where at is what time it is.
	ClockStatus() engine.ClockStatus
	AcceptClock(at wire.Time) (engine.ClockStatus, error)
}
