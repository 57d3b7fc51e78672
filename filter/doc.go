// Package filter answers "this key was never added" without looking at what
// holds the keys: a Bloom filter that may be added to, tested and rebuilt at the
// same time, from any number of goroutines.
//
// A filter saves work and never decides: a false "maybe" costs a look at the map
// behind it, a false "never" would turn a customer away. Hence the invariants:
//
//   - L1 No false negatives. Once Add has returned, no Test that begins later
//     says false for its key, whatever is rebuilt meanwhile.
//   - L2 Test takes no lock, allocates nothing and does not wait.
//   - L3 A filter that was told Incomplete answers "maybe" to everything until a
//     rebuild has succeeded. A rebuild that fails changes no answer.
//   - L4 Its memory is bounded by Config.BytesMax, and twice that while it is
//     rebuilt (P10). Past the bound it lets more through, and says so in Stats.
//
// # Shape
//
// Sizes and probe positions are those of github.com/bits-and-blooms/bloom/v3, so
// its estimates hold here, its Test reads our words (the tests do that), and its
// stored form can be taken over. The library itself is not used to add: its Add
// is an unsynchronised read-modify-write of a word, and two at once lose a bit,
// which is a false negative for a key of somebody else. Here a word is changed by
// an atomic Or and read by an atomic load.
//
// # Growth
//
// A Bloom filter cannot be enlarged in place. A chain of filters, each larger
// than the one before, needs no rebuild when it grows, but every answer "never"
// then pays for all of them, and it cannot forget what was deleted. A rebuild
// from the map is needed for deletion anyway, and costs well under a second for
// ten million keys; so it is the only way to grow, too. Each generation is made
// for twice the keys that were there: over its life a key is added at most twice
// more than it would have to be.
//
// While the next generation is filled, Add goes to both. Add looks at the
// generations again after it has set its bits, so an Add that began before the
// rebuild and ended within it is in the next generation as well, although it
// knew nothing of it when it began. What was added before the rebuild, the
// caller's walk has to find: see Rebuild.
//
// # What a key is
//
// Keys are 64-bit, and what they are made of has to be hashed with the cluster's
// secret before: then nobody who knows this code can compute keys that always
// pass. shard.FilterKey has 40 meaningful bits; n codes then answer "maybe" to n
// of 2^40 foreign keys whatever the filter's size, one in 10,000 at a hundred
// million codes.
//
// What it refuses to do: delete a key, iterate, persist itself. It is rebuilt
// from the state that it stands for, which is on disk already.
package filter
