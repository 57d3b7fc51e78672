package client

import "time"

// The bounds of a call (P10) that are not in Retry.
const (
	// answerBytesMax bounds an answer in memory. The largest legitimate one is a
	// batch of 1,000 redemptions, each with an order of some lines: 32 KiB each.
	answerBytesMax = 32 << 20

	// errorBytesMax bounds the body of a failure. Ours have a few hundred bytes; a
	// proxy's page is cut off.
	errorBytesMax = 64 << 10

	// detailBytesMax is how much of a body that is not ours goes into an error.
	detailBytesMax = 200

	// eventLineBytesMax is the longest line of an event stream. An event has a few
	// hundred bytes.
	eventLineBytesMax = 256 << 10

	// stallAfter ends a transfer in which nothing moved. The server sends a
	// heartbeat every 15 s on an idle event stream, so this is three in a row lost.
	stallAfter = 50 * time.Second

	// connectTimeout is for one TCP connection; within a data centre it takes
	// milliseconds, and a second attempt is worth more than patience.
	connectTimeout = 5 * time.Second

	// idleConnTimeout is below the server's 75 s, so that the client closes first
	// and a request does not meet a connection that is going away.
	idleConnTimeout = 60 * time.Second

	// idleConnsMax keeps as many connections as a busy program has requests under
	// way; net/http's default of two per host would open one for each request.
	idleConnsMax = 256

	// jobPollMin and jobPollMax are the first and the longest wait between two
	// looks at a job: small jobs end within the first, long ones are not asked
	// more often than a person looks.
	jobPollMin = 50 * time.Millisecond
	jobPollMax = 2 * time.Second
)
