package httpapi

import (
	"cmp"
	"time"

	"github.com/scrip-engine/scrip/coupon"
)

// Bounds of the transport that do not depend on the machine (P10). What one
// request may carry is bounded in coupon/limits.go.
const (
	// formBytesMax fits any token request.
	formBytesMax = 4 << 10

	// headerBytesMax is fasthttp's read buffer, which bounds the header: the
	// longest code (512 bytes, three times as long percent-encoded) and key, a
	// token, a bearer and the usual headers of two proxies fit in half of it.
	headerBytesMax = 8 << 10

	// writeBufferBytes holds an answer to a redemption, so that it leaves in one
	// segment.
	writeBufferBytes = 4 << 10

	// reserveOver is the size from which on a body counts against
	// Limits.BodyBytesInFlight. Smaller ones are bounded by the number of
	// connections.
	reserveOver = 64 << 10

	// requestsPerConnMax lets a load balancer in front spread clients again.
	requestsPerConnMax = 100_000

	// requestIDBytesMax is the longest X-Request-Id taken over from a caller; a
	// traceparent has 55 characters.
	requestIDBytesMax = 128

	// credentialBytesMax is the longest id or token that is looked at. Ours have
	// 64 characters at most.
	credentialBytesMax = 512

	// queryParamsMax and queryValueBytesMax bound a query string beyond the
	// header's bound: no list has more than a dozen parameters.
	queryParamsMax     = 64
	queryValueBytesMax = 1024

	// pageNumberMax keeps page × limit far away from an overflow.
	pageNumberMax = 1 << 40

	// multipartPartsMax is how many parts may stand before the file.
	multipartPartsMax = 16

	// deadlineStep is how far a request's deadline may be rounded up so that
	// requests share a context.
	deadlineStep = 100 * time.Millisecond

	// slowRequest is logged although it succeeded: a thousand times the usual
	// duration of a redemption.
	slowRequest = time.Second

	// retryAfterSeconds is what 429, 503 and 504 ask a client to wait. Queues
	// drain in milliseconds and an unknown outcome is settled within seconds; a
	// shorter wait cannot be said in whole seconds.
	retryAfterSeconds = "1"
	retryAfterWait    = time.Second

	// drainSeconds is how long a server that shuts down is away at least.
	drainSeconds = "5"

	// readinessReasonsMax bounds what /readyz?verbose prints.
	readinessReasonsMax = 100
)

// Limits are the bounds that an operator or a test may set. The zero value of a
// field means its default.
type Limits struct {
	// ReadTimeout is for a request with its body, uploads apart; 10 s, in which a
	// full batch arrives over 8 Mbit/s.
	ReadTimeout time.Duration
	// WriteTimeout is for an answer, streams apart; 10 s.
	WriteTimeout time.Duration
	// IdleTimeout is between two requests of a connection; 75 s, longer than the
	// 60 s of the usual load balancers, so that they close first.
	IdleTimeout time.Duration
	// StallTimeout is the longest silence within an upload or a download; 30 s.
	StallTimeout time.Duration
	// RequestTimeout is how long the engine may take. A change that was handed
	// over when it passes has an unknown outcome; 10 s.
	RequestTimeout time.Duration
	// StreamLife ends a stream of events, so that a client authenticates again;
	// it resumes where it stood. One hour.
	StreamLife time.Duration
	// Heartbeat is the silence after which a stream of events sends a comment, so
	// that proxies keep the connection and a dead client is noticed; 15 s.
	Heartbeat time.Duration

	// Connections open at once; 8,192, which is some 200 MB of buffers and stacks
	// when all are busy.
	Connections int
	// ConnectionsPerIP; 4,096. A proxy brings all its clients from one address.
	ConnectionsPerIP int
	// Requests being served at once, uploads and streams apart; 1,024. One beyond it
	// is refused before the engine sees it: so many redemptions are some 25 ms of
	// work for two cores, and one who would wait longer is better told at once.
	Requests int64
	// BodyBytesInFlight bounds the larger bodies in memory at once; 128 MiB.
	BodyBytesInFlight int64
	// Streams bounds open event streams and downloads, each of which holds a
	// goroutine and a buffer besides its connection; 256.
	Streams int64
	// UploadBytes is the largest imported file; coupon.UploadBytesMax.
	UploadBytes int64
}

func (l Limits) withDefaults() Limits {
	l.ReadTimeout = cmp.Or(l.ReadTimeout, 10*time.Second)
	l.WriteTimeout = cmp.Or(l.WriteTimeout, 10*time.Second)
	l.IdleTimeout = cmp.Or(l.IdleTimeout, 75*time.Second)
	l.StallTimeout = cmp.Or(l.StallTimeout, 30*time.Second)
	l.RequestTimeout = cmp.Or(l.RequestTimeout, 10*time.Second)
	l.StreamLife = cmp.Or(l.StreamLife, time.Hour)
	l.Heartbeat = cmp.Or(l.Heartbeat, 15*time.Second)
	l.Connections = cmp.Or(l.Connections, 8192)
	l.ConnectionsPerIP = cmp.Or(l.ConnectionsPerIP, 4096)
	l.Requests = cmp.Or(l.Requests, 1024)
	l.BodyBytesInFlight = cmp.Or(l.BodyBytesInFlight, 128<<20)
	l.Streams = cmp.Or(l.Streams, 256)
	l.UploadBytes = cmp.Or(l.UploadBytes, coupon.UploadBytesMax)
	return l
}
