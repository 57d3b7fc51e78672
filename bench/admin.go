package bench

import (
	"context"
	"io"

	"github.com/scrip-engine/scrip/wire"
)

// Admin is the target's API as setup and audit need it. It is safe for
// concurrent use.
type Admin interface {
	// CreateCampaign creates a campaign.
	CreateCampaign(ctx context.Context, req *wire.CampaignCreate) error
	// Import creates codes from a CSV and returns when that is done.
	Import(ctx context.Context, campaign string, csv io.Reader) (*wire.AsyncResult, error)
	// Generate makes codes and returns when that is done.
	Generate(ctx context.Context, campaign string, count int64) (*wire.AsyncResult, error)
	// Voucher reads a code, linearizably.
	Voucher(ctx context.Context, code string) (*wire.Voucher, error)
	// Uses lists redemptions and rollbacks of a campaign, one page a call; an empty
	// cursor begins, and an empty next one ends.
	Uses(ctx context.Context, campaign, cursor string, each func(Listed)) (next string, err error)
	// Count is how many redemptions of a campaign the lists know.
	Count(ctx context.Context, campaign string) (int64, error)
	// CountCodes is how many codes of a campaign the lists know, and SomeCode is one
	// of them.
	CountCodes(ctx context.Context, campaign string) (int64, error)
	SomeCode(ctx context.Context, campaign string) (string, error)
	// Redeem asks for one redemption under a key.
	Redeem(ctx context.Context, key string, req *wire.RedeemRequest) (*wire.Redemption, error)
	// Rollback gives a redemption back under a key.
	Rollback(ctx context.Context, key, id string) error
}

// Listed is an element of a list of redemptions.
type Listed struct {
	ID   string
	Code string
	// Rollback says that this is one, of the redemption Of.
	Rollback bool
	Of       string
	// Status is SUCCEEDED or ROLLED_BACK.
	Status string
	Amount int64
}

// listPage is how many elements a page of a list has.
const listPage = 100
