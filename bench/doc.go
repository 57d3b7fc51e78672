// Package bench measures a running system honestly: how many redemptions it
// makes, how long each took from the instant at which it should have begun, and
// whether what it said is true.
//
// A run has four parts. A scenario sets up campaigns and codes and gives every
// lane a Script, which says what is asked next. A driver carries the requests:
// an epoll loop a thread (Linux), a goroutine a connection (elsewhere), or
// callers in process. A Protocol renders requests and reads answers, so that the
// same loop drives Scrip, a bare HTTP handler and other systems. At the end the
// audit reads back from the target what the answers claimed.
//
// It promises:
//
//   - B1 Latency is measured from the intended start. In an open loop that is the
//     scheduled arrival, whether or not a connection was free: a system that
//     stalls is charged for all who waited meanwhile. In a closed loop, where the
//     next request waits for the last, it is the instant of sending, and the
//     report says which loop it was.
//   - B2 Every arrival ends in exactly one column: succeeded, refused, unknown,
//     failed, dropped (the queue of waiting arrivals was full) or unfinished.
//     scheduled = sent + dropped + still waiting at the end.
//   - B3 A success is counted when an answer that says so was parsed, with the id
//     of its redemption. A refusal is an answer and is counted by its key; it is
//     no redemption. A change without a readable answer is unknown (P5).
//   - B4 After each run the audit asks again for every unknown with its key, then
//     lists all redemptions: each acknowledged one is there once, nothing is there
//     that was not acknowledged or settled, and no code is over its limit (P2). A
//     run whose audit fails has failed, however fast it was.
//   - B5 What warms up is not measured, but it is audited.
//   - B6 A report names the machine, the versions, the durability, the sizes and
//     the fdatasync times of the same minutes, because a figure without them says
//     nothing.
//   - B7 The loop allocates nothing per request and takes two system calls and a
//     share of a third, since it shares the cores with what it measures.
//   - B8 All is bounded (P10): connections, lanes, waiting arrivals, unknowns,
//     errors by name; limits.go has the numbers.
//
// It refuses to average percentiles, to hide refusals among successes, and to
// publish a run without its audit.
package bench
