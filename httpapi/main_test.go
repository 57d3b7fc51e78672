package httpapi

import (
	"testing"

	"go.uber.org/goleak"
)

// Without this a stream, a heartbeat or a connection that outlives its server
// would show only as memory that grows in production.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// fasthttp keeps one clock for the whole process.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		// The sweeper of its worker pool looks every ten seconds whether it is to
		// stop.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
}
