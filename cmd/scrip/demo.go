package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/scrip-engine/scrip/client"
	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/wire"
)

// The example campaign of examples/, which no floor may import; the copies are
// kept current by go generate.
//
//go:generate cp ../../examples/summer-sale/campaign.json ../../examples/summer-sale/codes.csv demo/

//go:embed demo/campaign.json
var demoCampaign []byte

//go:embed demo/codes.csv
var demoCodes []byte

const (
	// demoWait bounds the loading: two hundred codes take some milliseconds.
	demoWait = 10 * time.Second
	// demoPoll is how often the loading looks at its job.
	demoPoll = 5 * time.Millisecond
	// demoAmount of the example order, in minor units.
	demoAmount = 12900
	// demoCustomer is the source id of who redeems in the example.
	demoCustomer = "ann@example.com"
)

// demoCode is what a demo suggests to redeem.
type demoCode struct{ code string }

// loadDemo loads the example campaign unless it is there, and finds a code of it
// that can be redeemed. A load that a crash interrupted is finished: the campaign
// and the import carry keys, and the job goes on by itself.
func loadDemo(ctx context.Context, e *engine.Engine) (*demoCode, error) {
	ctx, cancel := context.WithTimeout(ctx, demoWait)
	defer cancel()
	var campaign wire.CampaignCreate
	if err := wire.Decode(demoCampaign, &campaign); err != nil {
		return nil, fmt.Errorf("example campaign: %w", err)
	}
	found, err := e.Campaign(ctx, e.Default(), campaign.Name)
	if client.IsNotFound(err) || err == nil && found.VouchersCount == 0 {
		err = importDemo(ctx, e, &campaign)
	}
	if err != nil {
		return nil, fmt.Errorf("load the example campaign: %w", err)
	}
	return pickDemoCode(ctx, e)
}

func importDemo(ctx context.Context, e *engine.Engine, campaign *wire.CampaignCreate) error {
	call := e.Default()
	call.Key = "demo-campaign"
	if _, err := e.CreateCampaign(ctx, call, campaign); err != nil && !client.Is(err, wire.KeyDuplicateFound) {
		return err
	}
	call.Key = "demo-codes"
	job, err := e.Import(ctx, call, campaign.Name, engine.FormatCSV, bytes.NewReader(demoCodes))
	if err != nil {
		return err
	}
	looks := time.NewTicker(demoPoll)
	defer looks.Stop()
	for {
		action, err := e.AsyncAction(ctx, e.Default(), job.AsyncActionID)
		switch {
		case err != nil:
			return err
		case action.Status == wire.AsyncDone:
			return nil
		case action.Status == wire.AsyncFailed:
			return &client.JobFailedError{Action: action}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-looks.C:
		}
	}
}

// pickDemoCode returns the first code of the file that would be redeemed, so that
// the suggestion works at every start.
func pickDemoCode(ctx context.Context, e *engine.Engine) (*demoCode, error) {
	rows, err := wire.NewVoucherCSV(wire.NewCSVReader(bytes.NewReader(demoCodes)))
	if err != nil {
		return nil, fmt.Errorf("example codes: %w", err)
	}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil, nil // all are used up, or the campaign is disabled
		}
		if err != nil {
			return nil, fmt.Errorf("example codes: %w", err)
		}
		d := &demoCode{code: row.Code}
		var answer wire.ValidationResponse
		if err := e.Validate(ctx, e.Default(), d.request(), &answer); err != nil {
			return nil, err
		}
		if answer.Valid {
			return d, nil
		}
	}
}

func (d *demoCode) request() *wire.RedeemRequest {
	return client.ForCode(d.code, demoCustomer, &wire.Order{Amount: wire.Some[int64](demoAmount)})
}

func (d *demoCode) body() string { return string(d.request().AppendJSON(nil)) }
