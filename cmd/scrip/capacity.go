package main

import (
	"errors"

	"github.com/scrip-engine/scrip/engine"
)

type capacityCmd struct {
	Rate      float64 `help:"Redemptions a second, sustained." required:"" placeholder:"R"`
	Codes     int64   `help:"Single-use codes of campaigns." required:"" placeholder:"N"`
	Cards     int64   `help:"Gift cards, and codes with a limit, dates or a holder of their own." placeholder:"N"`
	Customers int64   `help:"Customers with a profile." placeholder:"N"`
	Hours     float64 `help:"Hours of redemptions to hold in memory, at least ${default}." default:"24" placeholder:"H"`
	Days      float64 `help:"Days of history to hold on disk." default:"365" placeholder:"D"`
}

// Run prints what memory and disk a server needs. It asks nobody.
func (c *capacityCmd) Run(a *app) error {
	if c.Rate < 0 || c.Codes < 0 || c.Cards < 0 || c.Customers < 0 || c.Days < 0 || c.Hours < 24 {
		return usage(errors.New("numbers must not be negative, and --hours not below 24, for which keys are remembered"))
	}
	need := engine.Capacity(engine.CapacityQuestion{Rate: c.Rate, Codes: c.Codes, Cards: c.Cards, Customers: c.Customers,
		Hours: c.Hours, Days: c.Days})
	return a.show(need, func(t *table) {
		t.field("Codes", rounded(uint64(need.Codes)))
		t.field("Customers", rounded(uint64(need.Customers)))
		t.field("Redemptions in memory", rounded(uint64(need.Records)))
		t.field("Set --memory-budget", rounded(uint64(need.Budget)))
		t.field("Memory of the process", rounded(uint64(need.Resident)))
		t.field("History, a day", rounded(uint64(need.HistoryDay)))
		t.field("Disk", rounded(uint64(need.Disk)))
	})
}
