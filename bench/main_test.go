package bench

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"go.uber.org/goleak"
)

// Without this a loop or a caller that outlives its run would keep a core from
// whatever is measured next.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// fasthttp keeps one clock for the whole process, and the sweeper of its
		// worker pool looks every ten seconds whether it is to stop.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
}

// seeded prints its seed, and takes one from SCRIP_SEED.
func seeded(t *testing.T) (*rand.Rand, uint64) {
	t.Helper()
	seed := rand.Uint64()
	if s := os.Getenv("SCRIP_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("SCRIP_SEED=%q: %v", s, err)
		}
		seed = n
	}
	t.Logf("SCRIP_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, seed)), seed
}
