// Package promo answers one question: what does this discount, or this gift
// card, take off this order? It is arithmetic and nothing else. It holds no
// state, starts no goroutine, reads no clock and draws no chance, so every node
// that asks gets the same answer, and the answer may be computed outside the
// log and carried into it (P9).
//
// Money is an integer of the currency's minor unit. There is no float and no
// division by a hundred in here: JPY 500 is five hundred yen, USD 500 is five
// dollars, and the code cannot tell them apart.
//
// # Invariants
//
// Code and tests cite them by number.
//
//	M1  0 ≤ total ≤ amount. A discount takes what is left and no more.
//	M2  Σ lines = whole: the discounts of the lines and of what no line names
//	    add up to the discount of the order, to the last minor unit.
//	M3  No line is discounted by more than its amount.
//	M4  A cap holds after rounding: round half up once per order, then cap, then
//	    split by largest remainder, ties by line order.
//	M5  Nothing overflows: products are 128 bits wide, and an order that cannot
//	    be written exactly in JSON (2^53−1) is refused, not wrapped.
//	M6  Same discount, same order, same result; AppendDiscount gives the same
//	    bytes for the same discount on every node and in every version.
//
// # What it refuses
//
// Validate and FromJSON refuse what is not built (effects on items, formulas,
// several units in one code, aggregated limits) with the key not_supported and
// the field's name. A field that would discount or restrict is never ignored.
// A discount that could never take anything off is refused as well: a code that
// applies "successfully" and changes nothing is a support ticket.
package promo
