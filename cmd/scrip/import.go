package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/scrip-engine/scrip/client"
	"github.com/scrip-engine/scrip/wire"
)

type importCmd struct {
	connection
	File     string `arg:"" help:"CSV file with a header row; the column Code is required."`
	Campaign string `required:"" help:"Name or id of the campaign that gets the codes."`
	Create   string `help:"If there is no such campaign, create it from this JSON file." placeholder:"FILE"`
	Rejects  string `help:"Write the rows that were not imported to this file; without it, FILE.rejects.csv." placeholder:"FILE"`
}

// Run uploads the file and follows the job. Its key is the digest of the file and
// the campaign, so running it again goes on where it was, and creates nothing
// twice (K4).
func (c *importCmd) Run(a *app) (err error) {
	cl, err := c.client(a)
	if err != nil {
		return err
	}
	defer cl.Close()
	file, err := os.Open(c.File)
	if err != nil {
		return usage(err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	key, size, err := importKey(file, c.Campaign)
	if err != nil {
		return fmt.Errorf("read %s: %w", c.File, err)
	}
	if c.Create != "" {
		if err := ensureCampaign(a, cl, c.Campaign, c.Create); err != nil {
			return err
		}
	}
	job, err := c.upload(a, cl, file, size, key)
	if err != nil {
		return err
	}
	done, err := follow(a, cl, job.AsyncActionID, "importing")
	if err != nil {
		return err
	}
	return c.report(a, cl, done)
}

// importKey names the import of this file into this campaign, and leaves the file
// at its start.
func importKey(file io.ReadSeeker, campaign string) (key string, size int64, err error) {
	h := sha256.New()
	_, _ = io.WriteString(h, campaign+"\x00") // a hash takes everything
	if size, err = io.Copy(h, file); err != nil {
		return "", 0, err
	}
	_, err = file.Seek(0, io.SeekStart)
	return "import-" + hex.EncodeToString(h.Sum(nil)), size, err
}

// ensureCampaign creates the campaign that a file describes, under this name,
// unless it exists.
func ensureCampaign(a *app, cl *client.Client, name, path string) error {
	_, err := cl.Campaign(a.ctx, name)
	if !client.IsNotFound(err) {
		return err
	}
	text, err := readBounded(path, configBytesMax)
	if err != nil {
		return usage(fmt.Errorf("--create: %w", err))
	}
	var req wire.CampaignCreate
	if err := wire.Decode(text, &req); err != nil {
		return usage(fmt.Errorf("--create %s: %w", path, err))
	}
	req.Name = name
	made, err := cl.CreateCampaign(a.ctx, &req)
	if err != nil {
		return err
	}
	a.say("created the campaign %s (%s)", printable(made.Name), made.ID)
	return nil
}

func (c *importCmd) upload(a *app, cl *client.Client, file io.ReadSeeker, size int64, key string) (*wire.Accepted, error) {
	drawn := a.bars()
	bar := drawn.bytes("uploading", size)
	defer func() { bar.end(); drawn.done() }()
	return cl.ImportCSV(a.ctx, c.Campaign, &counting{file: file, bar: bar}, client.Key(key))
}

// follow waits for a job with a bar. The job does not need us: it goes on when
// the waiting is given up.
func follow(a *app, cl *client.Client, id, what string) (*wire.AsyncAction, error) {
	drawn := a.bars()
	bar := drawn.percent(what)
	done, err := cl.Wait(a.ctx, id, func(job *wire.AsyncAction) { bar.set(job.Progress) })
	bar.end()
	drawn.done()
	if err != nil && a.ctx.Err() != nil {
		return nil, fmt.Errorf("stopped waiting; the job %s goes on at the server: %w", id, a.ctx.Err())
	}
	return done, err
}

// importReport is what an import came to.
type importReport struct {
	Job       string `json:"async_action_id"`
	Requested int64  `json:"requested"`
	Created   int64  `json:"created"`
	Rejected  int64  `json:"rejected"`
	Rejects   string `json:"rejects,omitempty"`
}

func (c *importCmd) report(a *app, cl *client.Client, job *wire.AsyncAction) error {
	r := importReport{Job: job.ID}
	if job.Result != nil {
		r.Created, r.Rejected = job.Result.DoneCount, job.Result.FailedCount
		r.Requested = job.Result.Requested.Or(r.Created + r.Rejected)
	}
	if r.Rejected > 0 {
		r.Rejects = c.Rejects
		if r.Rejects == "" {
			r.Rejects = c.File + ".rejects.csv"
		}
		if err := writeRejects(a, cl, job.ID, r.Rejects); err != nil {
			return err
		}
	}
	err := a.show(r, func(t *table) {
		t.field("Created", r.Created)
		t.field("Rejected", r.Rejected)
		t.field("Rejects in", r.Rejects)
		t.field("Job", r.Job)
	})
	if err == nil && r.Rejected > 0 {
		return errPartly
	}
	return err
}
