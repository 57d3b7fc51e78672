package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/scrip-engine/scrip/client"
	"github.com/scrip-engine/scrip/wire"
)

type eventsCmd struct {
	connection
	Follow bool   `help:"Go on with what happens, until Ctrl-C."`
	Cursor string `help:"Begin after this cursor; without it, at the oldest event, or with --follow now." placeholder:"CURSOR" xor:"start"`
	All    bool   `name:"from-beginning" help:"With --follow, begin at the oldest event." xor:"start"`
	Limit  int    `help:"Print so many events; 0 means all there are. Not with --follow." default:"20" placeholder:"N"`
}

func (c *eventsCmd) Run(a *app) error {
	if c.Limit < 0 {
		return usage(errors.New("--limit must not be negative"))
	}
	if c.All && !c.Follow {
		return usage(errors.New("--from-beginning goes with --follow; a list begins there by itself"))
	}
	cl, err := c.client(a)
	if err != nil {
		return err
	}
	defer cl.Close()
	if c.Follow {
		err := cl.Follow(a.ctx, client.EventQuery{Cursor: c.Cursor, Beginning: c.All}, a.printEvent)
		if errors.Is(err, context.Canceled) && a.ctx.Err() != nil {
			return nil // Ctrl-C is how following ends
		}
		return err
	}
	return c.list(a, cl)
}

// list prints events as their pages come, so that any number of them fits.
func (c *eventsCmd) list(a *app, cl *client.Client) error {
	q := client.EventQuery{Cursor: c.Cursor, Limit: 100}
	if c.Limit > 0 {
		q.Limit = min(c.Limit, 100)
	}
	printed := 0
	read := func(p client.Page) (*wire.List[wire.Event], error) {
		q.Cursor = p.Cursor
		return cl.Events(a.ctx, q)
	}
	for e, err := range client.Each(client.Page{Cursor: c.Cursor}, read) {
		if err != nil {
			return err
		}
		if err := a.printEvent(e); err != nil {
			return err
		}
		if printed++; printed == c.Limit {
			return nil
		}
	}
	return nil
}

// printEvent writes one line, so that a pipe sees each event when it happens.
func (a *app) printEvent(e wire.Event) error {
	if a.json {
		return a.line(e, "")
	}
	_, err := fmt.Fprintf(a.out, "%s  %-38s %s  %s\n", e.CreatedAt, e.Type, printable(eventText(&e, e.Data.Currency)), e.Cursor)
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

func showEvent(t *table, e *wire.Event, currency string) {
	t.row(e.CreatedAt, e.Type, eventText(e, currency))
}

// eventText names what an event is about, with the parts that it has.
func eventText(e *wire.Event, currency string) string {
	d := &e.Data
	if d.Currency != "" {
		currency = d.Currency
	}
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+" "+value)
		}
	}
	add("code", d.Code)
	add("redemption", d.RedemptionID)
	add("rollback", d.RollbackID)
	add("customer", d.CustomerID)
	add("order", d.OrderID)
	if amount, ok := d.Amount.Get(); ok {
		add("amount", money(amount, currency))
	}
	if balance, ok := d.Balance.Get(); ok {
		add("balance", money(balance, currency))
	}
	if count, ok := d.Count.Get(); ok {
		add("count", fmt.Sprint(count))
	}
	if len(parts) == 0 {
		add("campaign", d.CampaignID)
		add("job", d.JobID)
		add("voucher", d.VoucherID)
	}
	return strings.Join(parts, ", ")
}
