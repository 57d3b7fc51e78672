// Package engine is the service: it routes a request to its shard, evaluates it,
// stamps it, proposes it and answers. It opens and owns everything below, and is
// a library too: Open embeds the whole in a Go program, without HTTP.
//
// What a caller is promised, for every method:
//
//   - P1: a success and a refusal take effect at one instant between call and
//     return. A refusal from memory is given only after a leadership proof that
//     began after the call did.
//   - P3: the same key, the same anchor and the same request give the stored
//     outcome.
//   - P4: a success is on disk before it is returned.
//   - P5: an error is a *wire.Error and says whether nothing happened or whether
//     that is unknown. A context that ends after the command was handed over
//     makes it unknown.
//   - P7, P8: an acknowledged switch holds, an acknowledged code exists.
//
// redeem.go is the journey of one redemption from top to bottom; shard/redeem.go
// is the law that it meets. A stranger reads these two.
//
// The engine keeps nothing of a request after it returned. Methods may be called
// from any number of goroutines.
package engine
