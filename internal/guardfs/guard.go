package guardfs

import (
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Op is one change of a file system.
type Op struct {
	Name string // one of the constants below
	Path string
}

// Names of changes.
const (
	Create  = "create"
	Reuse   = "reuse"
	Open    = "open for writing"
	Write   = "write"
	Sync    = "sync"
	SyncDir = "sync directory"
	Close   = "close"
	Remove  = "remove"
	Rename  = "rename"
	Link    = "link"
	MakeDir = "make directory"
)

func (o Op) String() string { return o.Name + " " + o.Path }

// Rule says what becomes of a change that fails. Its functions may be called from
// any number of goroutines.
type Rule struct {
	// Fatal reports whether the failure of an operation must not reach the caller.
	Fatal func(Op) bool
	// Fail ends the process. Where it returns, Over must report true.
	Fail func(Op, error)
	// Over reports that the process is ending: no change is carried out any more.
	Over func() bool
}

// Guard knows which changes are under way on the file systems that it wraps. Its
// methods may be called from any number of goroutines.
type Guard struct {
	now func() time.Time

	mu    sync.Mutex // guards the fields below
	calls []call
	free  []int // places in calls that nobody uses
}

// call is a change under way; one without a name is over.
type call struct {
	op    Op
	since time.Time
}

// New returns a guard that reads the time from now.
func New(now func() time.Time) *Guard { return &Guard{now: now} }

// Watch wraps fs so that its changes are in the list. Failures are the caller's.
func (g *Guard) Watch(fs vfs.FS) vfs.FS {
	return g.Rule(fs, Rule{Fatal: func(Op) bool { return false }, Over: func() bool { return false }})
}

// Rule is Watch with a rule for failures.
func (g *Guard) Rule(fs vfs.FS, r Rule) vfs.FS { return &guarded{FS: fs, guard: g, rule: r} }

// Oldest returns the change that has been under way the longest, and for how long.
func (g *Guard) Oldest() (op Op, age time.Duration, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var oldest *call
	for i := range g.calls {
		if c := &g.calls[i]; c.op.Name != "" && (oldest == nil || c.since.Before(oldest.since)) {
			oldest = c
		}
	}
	if oldest == nil {
		return Op{}, 0, false
	}
	return oldest.op, g.now().Sub(oldest.since), true
}

// begin notes a change and returns its place. There are as many places as there
// were changes at a time, so one for each goroutine that writes at the most.
func (g *Guard) begin(op Op) int {
	c := call{op, g.now()}
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := len(g.free); n > 0 {
		place := g.free[n-1]
		g.free = g.free[:n-1]
		g.calls[place] = c
		return place
	}
	g.calls = append(g.calls, c)
	return len(g.calls) - 1
}

func (g *Guard) end(place int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls[place] = call{}
	g.free = append(g.free, place)
}

// Any is a Rule.Fatal for who can trust nothing after a failure.
func Any(Op) bool { return true }

// PebbleDies is a Rule.Fatal: it reports the operations whose failure Pebble v2.1
// answers with a panic. They are the sync of its directory (vfs/atomicfs/marker.go)
// and everything about a write-ahead log (rotateWAL in db.go).
func PebbleDies(op Op) bool {
	return op.Name == SyncDir || strings.HasSuffix(op.Path, ".log") && op.Name != Remove
}
