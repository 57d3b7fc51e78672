package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/scrip-engine/scrip/client"
	"github.com/scrip-engine/scrip/wire"
)

type refusalsCmd struct {
	connection
	Campaign string `help:"Only of this campaign, by its name or id." placeholder:"NAME"`
	Code     string `help:"Only of this code, or of codes that end in these four characters." placeholder:"CODE"`
	Error    string `help:"Only with this error key, such as quantity_exceeded." placeholder:"KEY"`
	Since    string `help:"Only since this instant, or for so long, such as 90m." placeholder:"TIME"`
	Limit    int    `help:"Print so many at most; 0 means all that are kept. Not with --counts." default:"20" placeholder:"N"`
	Counts   bool   `help:"Count them instead, also those that are no longer kept one by one."`
	Step     string `help:"With --counts, a row for each ${enum}; without it, for the whole time." enum:"minute,hour,day," default:""`
}

// Run prints what the node refused: one by one from its memory, or counted.
func (c *refusalsCmd) Run(a *app) error {
	since, err := c.check(time.Now())
	if err != nil {
		return usage(err)
	}
	cl, err := c.client(a)
	if err != nil {
		return err
	}
	defer cl.Close()
	if c.Counts {
		return c.count(a, cl, since)
	}
	return c.list(a, cl, since)
}

func (c *refusalsCmd) check(now time.Time) (since wire.Time, err error) {
	switch {
	case c.Limit < 0:
		return 0, errors.New("--limit must not be negative")
	case c.Step != "" && !c.Counts:
		return 0, errors.New("--step goes with --counts")
	case c.Code != "" && c.Counts:
		return 0, errors.New("refusals are not counted by code: leave out --counts or --code")
	case c.Since == "":
		return 0, nil
	}
	if ago, err := time.ParseDuration(c.Since); err == nil && ago > 0 {
		return wire.Time(now.Add(-ago).UnixMilli()), nil
	}
	if since, err = wire.ParseTime(c.Since); err != nil {
		return 0, fmt.Errorf("--since: %w; or a duration such as 90m", err)
	}
	return since, nil
}

// refusalList is the JSON of a list.
type refusalList struct {
	Refusals []wire.Refusal     `json:"refusals"`
	Kept     *wire.RefusalsKept `json:"kept"`
	// More says that older ones match and are kept.
	More bool `json:"more"`
}

func (c *refusalsCmd) list(a *app, cl *client.Client, since wire.Time) error {
	q := client.RefusalQuery{Campaign: c.Campaign, Code: c.Code, Key: c.Error, After: since, Limit: 100}
	if c.Limit > 0 {
		q.Limit = min(c.Limit, 100)
	}
	out := refusalList{Refusals: []wire.Refusal{}}
	read := func(p client.Page) (*wire.List[wire.Refusal], error) {
		q.Cursor = p.Cursor
		page, err := cl.Refusals(a.ctx, q)
		if err == nil {
			out.Kept = page.Kept
		}
		return page, err
	}
	for r, err := range client.Each(client.Page{}, read) {
		if err != nil {
			return err
		}
		if out.More = c.Limit > 0 && len(out.Refusals) == c.Limit; out.More {
			break
		}
		out.Refusals = append(out.Refusals, r)
	}
	return a.show(out, func(t *table) { showRefusals(t, &out) })
}

func showRefusals(t *table, out *refusalList) {
	t.row("TIME", "ERROR", "CODE", "CAMPAIGN", "CUSTOMER", "ORDER", "REQUEST")
	for _, r := range out.Refusals {
		code := r.CodeLastFour
		if code != "" {
			code = "…" + code
		}
		t.row(r.CreatedAt, r.Key, code, r.CampaignID, r.CustomerID, r.OrderSourceID, r.RequestID)
	}
	t.blank()
	if out.More {
		t.field("More", "yes, older ones")
	}
	if out.Kept != nil {
		t.field("Kept since", out.Kept.Since)
		t.field("Dropped", out.Kept.Dropped)
	}
}

func (c *refusalsCmd) count(a *app, cl *client.Client, since wire.Time) error {
	counts, err := cl.RefusalCounts(a.ctx, client.RefusalCountQuery{Campaign: c.Campaign, Key: c.Error, Step: c.Step, After: since})
	if err != nil {
		return err
	}
	return a.show(counts, func(t *table) {
		t.row("TIME", "OPERATION", "ERROR", "CAMPAIGN", "COUNT")
		for _, r := range counts.Data {
			t.row(r.Time, r.Operation, r.Key, r.CampaignID, r.Count)
		}
		t.blank()
		t.field("Total", counts.Total)
		t.field("Counted since", counts.Since)
		t.field("May miss seconds", counts.MayMissSeconds)
	})
}
