package linear

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

const (
	// OpsMax and UnknownsMax bound what is searched for one code: each open
	// operation may double the work.
	OpsMax      = 2000
	UnknownsMax = 8
)

// History is what clients asked and were told. Its methods may be called from any
// number of goroutines.
type History struct {
	mu     sync.Mutex // guards the fields below
	clock  int64      // one tick for each beginning and end: their order is that of real time
	ops    []*Op
	frozen bool
}

// Op is an operation that has begun. One that is never ended is unknown.
type Op struct {
	h          *History
	client     int
	in         Input
	out        any
	call, done int64
	dropped    bool
}

// Begin notes that a client asks, before it does.
func (h *History) Begin(client int, in Input) *Op {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock++
	op := &Op{h: h, client: client, in: in, out: unknown{}, call: h.clock, done: math.MaxInt64}
	h.ops = append(h.ops, op)
	return op
}

// End notes the answer, after it has arrived. It reports whether the answer
// counts: none does while the history is frozen.
func (op *Op) End(out Output) bool {
	op.h.mu.Lock()
	defer op.h.mu.Unlock()
	if op.h.frozen {
		return false
	}
	op.h.clock++
	op.out, op.done = out, op.h.clock
	return true
}

// Drop takes back an operation that is known never to have happened and never to
// happen: an error of the family not done, or one that went down with its node and
// was resolved by its key.
func (op *Op) Drop() {
	op.h.mu.Lock()
	defer op.h.mu.Unlock()
	op.dropped = true
}

// Freeze makes later answers not count, until Thaw: the node is about to lose
// power, and its clients hear of nothing that it says from here on. Answers that
// counted before Freeze returned must survive.
func (h *History) Freeze() { h.setFrozen(true) }

// Thaw makes answers count again.
func (h *History) Thaw() { h.setFrozen(false) }

func (h *History) setFrozen(frozen bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.frozen = frozen
}

// Check looks for an order of the operations on each code. An error names a code
// for which there is none, or that could not be searched within the bounds.
func (h *History) Check(timeout time.Duration) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	byCode := map[string][]*Op{}
	var codes []string
	for _, op := range h.ops {
		if op.dropped {
			continue
		}
		if byCode[op.in.Code] == nil {
			codes = append(codes, op.in.Code)
		}
		byCode[op.in.Code] = append(byCode[op.in.Code], op)
	}
	slices.Sort(codes)
	for _, code := range codes {
		if err := check(byCode[code], timeout); err != nil {
			return fmt.Errorf("code %s: %w", code, err)
		}
	}
	return nil
}

func check(ops []*Op, timeout time.Duration) error {
	if len(ops) > OpsMax {
		return fmt.Errorf("%d operations, at most %d can be searched", len(ops), OpsMax)
	}
	var history []porcupine.Operation
	open := 0
	for _, op := range ops {
		if _, ok := op.out.(unknown); ok {
			if op.in.Kind == Get || op.in.Kind == Validate {
				continue // it changes nothing and says nothing
			}
			open++
		}
		history = append(history, porcupine.Operation{ClientId: op.client, Input: op.in, Output: op.out, Call: op.call, Return: op.done})
	}
	if open > UnknownsMax {
		return fmt.Errorf("%d operations without an answer, at most %d can be searched; resolve them by their keys", open, UnknownsMax)
	}
	switch porcupine.CheckOperationsTimeout(model(), history, timeout) {
	case porcupine.Ok:
		return nil
	case porcupine.Illegal:
		return fmt.Errorf("no order of its %d operations agrees with the answers:\n%s", len(history), describe(history))
	}
	return fmt.Errorf("not decided within %v: %d operations, %d of them open", timeout, len(history), open)
}

// describe lists a history, for whoever has to find out.
func describe(history []porcupine.Operation) string {
	text := ""
	for _, op := range history {
		text += fmt.Sprintf("  client %d [%d, %d] %+v -> %+v\n", op.ClientId, op.Call, op.Return, op.Input, op.Output)
	}
	return text
}
