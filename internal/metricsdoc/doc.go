// Metricsdoc writes docs/metrics.md, the page of all metrics, from what a real
// engine and server register. Nobody edits the page.
//
//	go run ./internal/metricsdoc -out docs/metrics.md
//
// What it promises:
//
//   - M1 the page has every family that is registered, and no other: name, type,
//     unit, labels and meaning.
//   - M2 every family is there from the start, with all its labels: a series that
//     begins with its first event has no rate before the second, and an alert on
//     it stays silent.
//   - M3 labels come from a list of finite sets, and never name a code, a
//     campaign or a customer.
//   - M4 a family's unit is in its name, and its help says it.
package main

//go:generate go run . -out ../../docs/metrics.md
