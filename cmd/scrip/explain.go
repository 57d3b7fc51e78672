package main

import (
	"fmt"

	"github.com/scrip-engine/scrip/wire"
)

type explainCmd struct {
	connection
	cart
	Code string `arg:"" help:"The code."`
	Now  string `help:"Decide for this instant, RFC 3339, instead of the present." placeholder:"TIME"`
}

// Run prints the checks. That the code could not be redeemed is the answer, and
// no failure of this verb.
func (c *explainCmd) Run(a *app) error {
	req := &wire.ExplainRequest{RedeemRequest: *c.request(c.Code)}
	if c.Now != "" {
		now, err := wire.ParseTime(c.Now)
		if err != nil {
			return usage(fmt.Errorf("--now: %w", err))
		}
		req.Now = now
	}
	cl, err := c.client(a)
	if err != nil {
		return err
	}
	defer cl.Close()
	answer, err := cl.Explain(a.ctx, req)
	if err != nil {
		return err
	}
	return a.show(answer, func(t *table) { showExplanation(t, answer) })
}

func showExplanation(t *table, e *wire.ExplainResponse) {
	verdict := "would be redeemed"
	if !e.Valid {
		verdict = "would be refused: " + e.Key
	}
	t.field("Code", e.Code)
	t.field("Result", verdict)
	t.field("At", e.Now)
	showOrder(t, e.Order)
	if e.Gift != nil {
		currency := ""
		if e.Order != nil {
			currency = e.Order.Currency
		}
		t.field("Taken", money(e.Gift.Credits, currency))
	}
	t.blank()
	t.row("CHECK", "", "REFUSED WITH", "FOUND", "WANTED")
	for _, check := range e.Checks {
		t.row(check.Name, passedText(check.Passed), check.Key, check.Actual, check.Wanted)
	}
}

func passedText(passed wire.Opt[bool]) string {
	switch ok, known := passed.Get(); {
	case !known:
		return "not asked"
	case ok:
		return "passed"
	}
	return "failed"
}
