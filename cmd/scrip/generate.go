package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/scrip-engine/scrip/client"
	"github.com/scrip-engine/scrip/wire"
)

type generateCmd struct {
	connection
	Campaign string `required:"" help:"Name or id of the campaign that gets the codes."`
	Count    int64  `required:"" help:"How many codes."`
	Pattern  string `help:"Form of the codes, such as SUMMER-####-####: each # is a random character. Without it, the campaign's." placeholder:"PATTERN"`
	Create   string `help:"If there is no such campaign, create it from this JSON file." placeholder:"FILE"`
	CSV      string `name:"csv" help:"Afterwards, write all codes of the campaign to this file; - is stdout." placeholder:"OUT"`
	Key      string `help:"Idempotency key: the same key never generates twice. Drawn if empty; after exit code 6, ask again with it." placeholder:"KEY"`
}

// generateReport is what a generation came to.
type generateReport struct {
	Job     string `json:"async_action_id,omitempty"`
	Created int64  `json:"created"`
	Failed  int64  `json:"failed"`
	Code    string `json:"code,omitempty"` // of a single one
	CSV     string `json:"csv,omitempty"`
}

func (c *generateCmd) Run(a *app) error {
	if c.Count < 1 {
		return usage(errors.New("--count must be at least 1"))
	}
	if c.CSV == "-" && a.json {
		return usage(errors.New("--csv - and -o json would both write to stdout"))
	}
	cl, err := c.client(a)
	if err != nil {
		return err
	}
	defer cl.Close()
	if c.Create != "" {
		if err := ensureCampaign(a, cl, c.Campaign, c.Create); err != nil {
			return err
		}
	}
	report, err := c.generate(a, cl)
	if err != nil {
		return err
	}
	if c.CSV != "" {
		if err := exportCodes(a, cl, c.Campaign, c.CSV); err != nil {
			return err
		}
	}
	if c.CSV != "-" {
		report.CSV = c.CSV
		err = a.show(report, func(t *table) {
			t.field("Created", report.Created)
			t.field("Failed", report.Failed)
			t.field("Code", report.Code)
			t.field("Codes in", report.CSV)
			t.field("Job", report.Job)
		})
	}
	if err == nil && report.Failed > 0 {
		return errPartly
	}
	return err
}

// generate makes one code at once, and more by a job.
func (c *generateCmd) generate(a *app, cl *client.Client) (r generateReport, err error) {
	req := new(wire.GenerateRequest)
	if c.Pattern != "" {
		req.CodeConfig = &wire.CodeConfig{Pattern: c.Pattern}
	}
	if c.Count == 1 {
		v, err := cl.AddVoucher(a.ctx, c.Campaign, "", req, keyOption(c.Key)...)
		if err != nil {
			return r, err
		}
		return generateReport{Created: 1, Code: v.Code}, nil
	}
	job, err := cl.Generate(a.ctx, c.Campaign, c.Count, req, keyOption(c.Key)...)
	if err != nil {
		return r, err
	}
	done, err := follow(a, cl, job.AsyncActionID, "generating")
	if err != nil {
		return r, err
	}
	r.Job = done.ID
	if done.Result != nil {
		r.Created, r.Failed = done.Result.DoneCount, done.Result.FailedCount
	}
	return r, nil
}

// exportCodes streams the codes of a campaign. The file appears under its name
// when it is whole.
func exportCodes(a *app, cl *client.Client, campaign, path string) error {
	if path == "-" {
		return cl.ExportCSV(a.ctx, campaign, a.out)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+newSuffix+"*")
	if err != nil {
		return usage(fmt.Errorf("--csv: %w", err))
	}
	err = cl.ExportCSV(a.ctx, campaign, f)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
