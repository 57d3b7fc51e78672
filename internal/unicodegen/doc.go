// Unicodegen writes the tables that package coupon keeps of the world outside:
// the parts of Unicode that normalising a code needs, and the currencies of
// ISO 4217. Both decide hashes and amounts, so the program must not take them
// from libraries that change under it.
//
//	go run ./internal/unicodegen -out coupon          write the tables
//	go run ./internal/unicodegen -out coupon -check   fail when a file differs
//
// What it promises:
//
//   - U1 the same sources give the same bytes.
//   - U2 it writes the tables of one edition of Unicode, the one in frozenUnicode,
//     and refuses when the libraries it reads have another: a new edition is a
//     new version of the code rules beside the old one, not a change of it.
//   - U3 what the form of a table cannot hold exactly is an error. The tests of
//     package coupon compare what it computes with the sources, code point by
//     code point.
//   - U4 a currency that was released keeps its number and exponent and is never
//     dropped, also after the library has dropped it.
package main
