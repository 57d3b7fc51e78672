package bench

// The default numbers of codes of a run: what ten seconds on a small machine use
// up, with room.
const (
	uniqueCodes = 1_000_000
	batchCodes  = 8_000_000
)

// scenarioTable is what can be measured.
var scenarioTable = []scenarioEntry{
	{"redeem", "redeem unique codes, one a request", func(*Config) scenario {
		return &plain{label: "redeem", unique: true, codes: uniqueCodes}
	}},
	{"hot", "redeem one code without a limit, or with --codes several, again and again", func(*Config) scenario {
		return &plain{label: "hot", codes: 1}
	}},
	{"batch", "redeem unique codes in batches", func(c *Config) scenario {
		return &plain{label: "batch", unique: true, codes: batchCodes, batch: c.BatchSize}
	}},
	{"checkout", "validate a unique code, redeem it, and give one of fifty back", func(*Config) scenario { return new(checkout) }},
	{"flash-sale", "a crowd comes for one code with a limit; exactly as many win", func(c *Config) scenario {
		return &flashSale{limit: c.Limit, crowd: c.Crowd}
	}},
	{"guessing", "valid redemptions alone, then under ten times as many guesses, at 70 % of the ceiling", func(*Config) scenario { return new(guessing) }},
	{"gift-cards", "take credits from a few cards that everybody uses", func(c *Config) scenario { return &giftCards{balance: c.Balance} }},
	{"mixed", "redeem, validate, give back and list by shares", newMixed},
	{"lists", "the first page and page 10,000 of a list of codes, on one connection", func(*Config) scenario { return new(lists) }},
	{"import", "import a CSV of codes until the last can be redeemed", newImport},
	{"generate", "generate codes until they can be redeemed", newGenerate},
}
