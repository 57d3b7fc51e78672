// Command measure fills docs/BENCHMARKS.md.
//
//	go run ./internal/measure peers [-quick]    Scrip beside what it is compared with
//	go run ./internal/measure scale [-quick]    Scrip with many codes
//
// Peers are measured in one go and in turn: every round starts one system after
// the other on an empty directory of the same disk, puts the same load on it,
// audits it, and stops it before the next begins. A ratio is taken within a round,
// because a machine drifts; the report shows the middle round and the extremes.
//
// It promises:
//
//   - M1 The generator, its scripts, connections, durations and the judging of
//     answers are the same for all that speak over a socket.
//   - M2 Every success of every system is synced before it is answered, and what
//     each leaves out is written in docs/BENCHMARKS.md. Where a system can be
//     driven in two ways, the better figure is its own.
//   - M3 After each run the system says how often it redeemed, and that must be
//     what was acknowledged (and at most what is unknown on top). A run that fails
//     this is reported as failed, however fast it was.
//   - M4 It installs nothing, stops only the processes that it started, and writes
//     only into its own directory under tmp/ and between the markers of
//     docs/BENCHMARKS.md.
//
// It refuses to measure on a file system in memory: syncing would cost nothing
// there.
package main
