// Package httpapi serves the engine over HTTP: paths, fields, statuses and error
// keys of Voucherify's v1, and what Scrip adds to it. It decides nothing about
// the business; it authenticates, bounds, decodes, calls and answers.
//
// It promises:
//
//   - H1 No byte of a connection outlives its handler. fasthttp reuses the
//     memory of a request; the body is copied once, as it is read, and
//     everything decoded may alias the copy (wire's ownership rule).
//   - H2 Every answer has an X-Request-Id and is not to be cached. Every failure
//     has the body of wire.Error, whose outcome says whether something may have
//     happened (P5), and a link to its help page. One function writes them all.
//   - H3 Credentials are checked before a body is read: of an unauthenticated
//     request the server takes the header and what fasthttp reads ahead (8 KiB).
//   - H4 routes.go is the one list of routes: it feeds the router, the access
//     rules, the bounds and the metric labels, and a test holds it against
//     docs/openapi.yaml in both directions.
//   - H5 A panic ends one request, with a 500 whose outcome is unknown, and
//     never the process; also in the goroutines that write streams.
//   - H6 What ended early is never taken for whole: a truncated upload is an
//     error although fasthttp reports its end like any other, and a download
//     that fails on the way breaks its connection instead of ending in order.
//   - H7 Metric labels come from the table of routes. Logs name a code by its
//     last four characters, and never a token, a body or a customer.
//   - H8 Everything is bounded (P10): limits.go has the numbers with reasons.
//
// Unauthenticated callers get one 401, the same for an unknown id, a wrong token
// and a missing header. The ops server (ops.go) has no authentication and
// belongs on an address that only operators reach.
//
// The package refuses to know the console, the raft groups or the data
// directory. It takes the engine through the interface Engine.
package httpapi
