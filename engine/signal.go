package engine

import (
	"sync"
	"sync/atomic"
)

// signal tells any number of waiters that something was applied. When nobody
// waits, a ring costs one atomic load, so Apply may ring it for every entry.
type signal struct {
	waiting atomic.Int32
	mu      sync.Mutex
	ch      chan struct{}
}

// wait returns a channel that the next ring closes. Look after calling it, not
// before. done must be called when the waiter has stopped.
func (s *signal) wait() (c <-chan struct{}, done func()) {
	s.waiting.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch, func() { s.waiting.Add(-1) }
}

func (s *signal) ring() {
	if s.waiting.Load() == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}
