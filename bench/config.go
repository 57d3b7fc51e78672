package bench

import (
	"errors"
	"fmt"

	"github.com/scrip-engine/scrip/engine"
)

// Target is the system under test.
type Target struct {
	// Name says what it is: spawn, engine, bare, or an address.
	Name string `json:"name"`
	// Address is host:port; empty in process.
	Address string      `json:"address,omitempty"`
	Key     Credentials `json:"-"`
	// Admin sets up and audits; nil for a target that redeems nothing.
	Admin Admin `json:"-"`
	// Engine is asked in process when there is no Address.
	Engine *engine.Engine `json:"-"`
	// Durability says in words what is durable when a success is answered.
	Durability string `json:"durability"`
	// Version of the target, as far as it is known.
	Version string `json:"version,omitempty"`
	// Dir is where its data is, to measure the device; empty where that is
	// unknown.
	Dir string `json:"dir,omitempty"`
}

// Config is a measurement.
type Config struct {
	Scenario string
	Target   Target
	Load     Load
	// Runs are repeated so that their spread is seen.
	Runs int
	// Codes of all runs together; 0 is the scenario's own number.
	Codes uint64
	// Limit is how often the one code of a flash sale may be used.
	Limit int64
	// Crowd is how many customers come for each of those uses.
	Crowd int64
	// Zipf is the exponent by which some codes are hotter than others; 0 is
	// uniform.
	Zipf float64
	// Customers are as many as are named in turn; 0 names nobody.
	Customers uint64
	// BatchSize is the number of redemptions in a batch.
	BatchSize uint64
	// Balance of every gift card.
	Balance int64
	// Shares of the mixed scenario, by kind.
	Shares [kinds]float64
	// Full asks for whole answers instead of minimal ones.
	Full bool
	// Portable takes the driver of a goroutine a connection.
	Portable bool
	// Seed of everything that is drawn.
	Seed uint64
	// Version of the generator.
	Version string
	// Live may be nil, and so may Say, which learns of each step.
	Live *Live
	Say  func(format string, args ...any)
}

func (c *Config) check() error {
	var errs []error
	errs = append(errs, c.Load.Check())
	if c.Runs < 1 || c.Runs > RunsMax {
		errs = append(errs, fmt.Errorf("runs: %d is not between 1 and %d", c.Runs, RunsMax))
	}
	if c.Codes > CodesMax {
		errs = append(errs, fmt.Errorf("codes: %d are more than %d", c.Codes, CodesMax))
	}
	if c.Zipf != 0 && c.Zipf <= 1 {
		errs = append(errs, errors.New("zipf: the exponent must be above 1"))
	}
	if c.Target.Address == "" && c.Target.Engine == nil {
		errs = append(errs, errors.New("target: neither an address nor an engine"))
	}
	return errors.Join(errs...)
}
