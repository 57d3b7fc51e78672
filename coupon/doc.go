// Package coupon has the words of Scrip and nothing that moves: codes, ids,
// hashes, outcomes, money, instants and every hard bound. It is the lowest floor
// and imports no other package of the project.
//
// # The words
//
//   - code: what a customer types and a checkout redeems. It has an issued form,
//     which is shown, and a folded form, which is compared and hashed.
//   - voucher: a code with what it is worth and the limits of its use.
//   - campaign: what vouchers are issued under; it is opened, paused and closed.
//   - redemption: one use of a voucher. A rollback gives it back, whole or in part.
//   - holder: the customer to whom a voucher was given, alone or first.
//   - session: a reservation of uses for a checkout that is under way.
//   - request: what a caller sends. It may be retried under its key.
//   - key: the idempotency key, which makes the retries one request. The request
//     id, in contrast, only names one attempt in logs.
//   - fingerprint: 64 bits of the parsed request; one key with two fingerprints
//     is a conflict.
//   - receipt: what is remembered of a success, under its key.
//   - outcome: the answer to an understood request: a success or a refusal. A
//     refusal is an answer; an error means that there is no answer.
//   - slot: one of 4,096 parts of the code space, where something lives for ever.
//   - shard: one deterministic machine that decides for the slots it owns. A
//     group replicates it.
//   - catalog: the machine for what is small and the same everywhere: projects,
//     keys, campaigns, rules.
//   - command: one change as it is proposed. An entry is a batch of commands in
//     the replicated log.
//   - stamp: the time that the leader wrote into an entry. It never goes back.
//   - journal: the changes of a shard in order: receipts, records and events at
//     once.
//   - fence: a mark on a shard that makes commands evaluated before a change of a
//     campaign be evaluated again.
//   - basis: which fields of which record an evaluation read, and their version.
//
// # The promises
//
// Code and tests cite these by number.
//
//   - P1 linearizable: each change of a code, and each refusal, takes effect at
//     one instant between request and reply, in one order for all nodes.
//   - P2 never over: uses minus rollbacks stay within the limit in force when the
//     use was granted, and no balance goes below zero, whatever is retried,
//     crashes or changes leader.
//   - P3 at most once per key: same key, same anchor, same request gives the
//     stored outcome for at least a day; another request under the key conflicts.
//   - P4 durable before the reply: an acknowledged success survives a kill and a
//     loss of power.
//   - P5 honest failure: an error says that nothing was done and nothing will be,
//     or that it is unknown; and the unknown becomes known in bounded time.
//   - P6 one order of refusals: of several reasons the caller is told the first
//     of Precedence, everywhere.
//   - P7 kill switch: after "disable" is acknowledged nothing more is redeemed
//     through it, and after "enable" nothing is refused as disabled.
//   - P8 fresh codes work everywhere: after a creation is acknowledged no answer
//     of any node denies the code.
//   - P9 replicated time: what has expired is decided by stamps alone.
//   - P10 bounded: every queue, batch, body, retry, cache and table has a limit,
//     and above it the answer is quick and says so.
//
// # What this package keeps
//
//   - C1 the same text gives the same folded code, hash and slot in every version
//     of the program: tables of Unicode and of currencies are copies kept here.
//   - C2 normalising twice is normalising once.
//   - C3 ParseID gives back what FormatID made, and refuses everything else.
//   - C4 numbers are exact integers; nothing is a float but an entropy shown to
//     people.
//   - C5 no function reads a clock, draws chance or does I/O of its own: chance
//     comes from the reader that is passed in.
//
// Everything here is safe for concurrent use unless it says otherwise.
package coupon

//go:generate go run ../internal/unicodegen -out .
