// Package catalog is the small, slow-moving part of a cluster's state, the same
// on every node: what the cluster is, projects, keys, campaigns, jobs, the fence
// raises that the shards still owe, and a journal of who changed what.
//
// It is a deterministic state machine without I/O, clock or chance. Commands come
// out of a replicated log, one an entry, and the position of an entry is the
// catalog index: the identity of what the entry creates, the version of what it
// changes, and the number by which evaluations and fences are compared.
//
// What it promises:
//
//   - C1  The same entries give the same state, the same replies and the same
//     image bytes, on every machine and after any Restore.
//   - C2  Time never goes back: it is max(last, stamp) (P9).
//   - C3  A refusal changes nothing, whatever had been changed before it was found:
//     a command works on its own copy. Its order: receipt, not_after, the actor's
//     key, the command's own refusals, bounds.
//   - C4  What Encode returns decodes, everywhere and for ever. What cannot be
//     understood stops the group (ErrUnreadable); nothing is skipped.
//   - C5  A published object never changes. A View is one consistent state and
//     knows its index; readers and Apply never wait for each other.
//   - C6  A command names its project and sees no other one's objects.
//   - C7  Ids and ordinals are never reused. Names are, after a delete. With a new
//     generation that holds for ids over a restore from a backup too.
//   - C8  The journal's sequence grows by one. It is bounded: the oldest records
//     go first, and a reader can see that they went.
//   - C9  A success under a key is answered the same for at least 24 hours of
//     replicated time; another request under it is KeyConflict (P3). When the
//     memory of keys is full the command is refused; nothing younger is forgotten.
//   - C10 A change that a redemption must not overtake leaves a pending fence in
//     the same entry; it stays until FenceDone (P7). Switching, revoking, deleting
//     and finishing never fail for want of room in the state; under a key they may
//     for want of room to remember it (C9).
//
// What it refuses to do: decide about codes (that is a shard's), evaluate (it
// stores discounts as bytes), hold personal data, wait, or look at a clock.
package catalog
