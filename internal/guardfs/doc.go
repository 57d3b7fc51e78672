// Package guardfs stands between whoever writes and the file system, so that a
// change which fails or does not return is noticed in one place.
//
// Pebble answers the failure of some operations with a panic in a goroutine of its
// own: a directory that cannot be synced, a write-ahead log that cannot be created
// or closed. Nobody can recover that, and the process would end with Go's exit code
// and a stack trace instead of ours and one line. And nobody learns of a write that
// never returns. Pebble's own vfs.WithDiskHealthChecks watches with a goroutine a
// file and a clock that a test cannot hold; one look a while at a list is enough.
//
//	G1 Every change of a wrapped file system is in the list from before it begins
//	   until after it has returned. Reads are not: nobody waits for one with a lock
//	   that a redemption needs.
//	G2 A failure that the Rule calls fatal is handed to Rule.Fail before the caller
//	   sees it.
//	G3 Where Fail returns (a test, an embedding program), the caller is told of a
//	   success that did not happen, and from then on no change reaches the disk.
//	   So Pebble neither panics nor removes what it believes to have replaced. Who
//	   acknowledges anything must ask Rule.Over after every write.
//
// What it refuses to do: to decide what a slow operation means, to retry, to end a
// process.
package guardfs
