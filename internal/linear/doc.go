// Package linear checks that a recorded history of what clients asked of codes,
// and what they were told, could have come from one code that does one thing at a
// time (P1). It is for tests.
//
// A test opens a History, and around each request calls Begin and End; what never
// got an answer, or an unknown one, is never ended. Check then looks, code by
// code, for an order of all operations that agrees with the answers and with real
// time, by porcupine.
//
// What it holds against the answers:
//
//	L1 A use is granted only to a code that exists, is on, and has a use left (P2).
//	L2 A refusal is as true as a success: not found, disabled and exhausted only
//	   while the code is so (P7, P8).
//	L3 A key is answered once: the same key gives the same redemption, as a replay
//	   (P3).
//	L4 A redemption is given back once.
//	L5 What is read shows every success before it.
//	L6 An operation without an answer may have happened at any later time, or
//	   never; nothing else may.
//
// The search can take time that is exponential in what overlaps. So a code has at
// most OpsMax operations and UnknownsMax open ones, and a search that runs out of
// time is an error: nothing is taken for right that was not shown to be.
package linear
