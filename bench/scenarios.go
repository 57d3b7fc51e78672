package bench

// The default numbers of codes: what a run of ten seconds on a small machine
// uses up, with room.
const (
	uniqueCodes = 1_000_000
	batchCodes  = 8_000_000
)

// scenarioTable is what can be measured.
var scenarioTable = []scenarioEntry{
	{"redeem", "redeem unique codes, one a request", func(*Config) scenario {
		return &plain{label: "redeem", unique: true, codes: uniqueCodes}
	}},
	{"hot", "redeem one code without a limit, or with --codes a few, again and again", func(*Config) scenario {
		return &plain{label: "hot", codes: 1}
	}},
	{"batch", "redeem unique codes in batches", func(c *Config) scenario {
		return &plain{label: "batch", unique: true, codes: batchCodes, batch: c.BatchSize}
	}},
}
