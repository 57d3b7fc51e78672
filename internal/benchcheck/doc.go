// Command benchcheck holds the benchmarks of the hot path's stages against what
// was recorded of them in recorded.txt: allocations, bytes, and instructions where
// the machine counts them. None of these depends on how busy the machine is, so a
// regression fails without a clock.
//
//	go run ./internal/benchcheck            compare
//	go run ./internal/benchcheck -record    write what is measured now
//
// A line of recorded.txt is
//
//	package  benchmark  iterations  allocations  bytes  instructions
//
// per operation; instructions are "-" when they were recorded on a machine that
// does not count them. They are compared only where both sides have them, and may
// grow by a tenth: a new compiler may not fail the build, a new loop shall. The
// counter is perf's instructions:u, taken at two numbers of iterations, so that
// what a benchmark needs to begin falls out.
package main
