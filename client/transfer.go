package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"sync"
	"time"
)

// errStalled ends a transfer in which nothing moved.
var errStalled = errors.New("nothing moved for too long")

// watch ends the context when alive has not been called for stallAfter. A call
// that is no transfer has a deadline instead, and alive does nothing.
func watch(ctx context.Context, transfer bool) (_ context.Context, alive, stop func()) {
	if !transfer {
		return ctx, func() {}, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(stallAfter, func() { cancel(errStalled) })
	return ctx, func() { timer.Reset(stallAfter) }, func() { timer.Stop(); cancel(nil) }
}

// stalled names the stall where net/http only says that the context ended.
func stalled(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errStalled) {
		return errStalled
	}
	return err
}

// progress calls alive for every read that brings something.
type progress struct {
	in    io.Reader
	alive func()
}

func (p *progress) Read(b []byte) (int, error) {
	n, err := p.in.Read(b)
	if n > 0 {
		p.alive()
	}
	return n, err
}

// upload is a file as the one part of a multipart form. It streams: nothing of
// the file is held but what is on its way.
type upload struct {
	name   string
	file   io.Reader
	seeker io.Seeker // nil when the file can be read once only, as a pipe
	start  int64     // where the file stood
	sent   bool
}

func newUpload(name string, file io.Reader) *upload {
	u := &upload{name: name, file: file}
	if s, ok := file.(io.Seeker); ok {
		if start, err := s.Seek(0, io.SeekCurrent); err == nil {
			u.seeker, u.start = s, start
		}
	}
	return u
}

// attach makes the file the body of r. wait returns when the transport has let go
// of the file, which may be after it answered: before that, rewinding it would
// race with a read.
func (u *upload) attach(r *http.Request, alive func()) (wait func(), err error) {
	if u.sent {
		if _, err := u.seeker.Seek(u.start, io.SeekStart); err != nil {
			return nil, fmt.Errorf("rewind the file: %w", err)
		}
	}
	u.sent = true
	var frame bytes.Buffer
	form := multipart.NewWriter(&frame)
	if _, err := form.CreateFormFile("file", u.name); err != nil {
		return nil, err
	}
	head := frame.String()
	frame.Reset()
	if err := form.Close(); err != nil {
		return nil, err
	}
	body := &releasing{
		Reader:   io.MultiReader(bytes.NewReader([]byte(head)), &progress{in: u.file, alive: alive}, &frame),
		released: make(chan struct{}),
	}
	r.Body = body
	r.Header.Set("Content-Type", form.FormDataContentType())
	return func() { <-body.released }, nil
}

// releasing says when its reader is done with. net/http closes every body, also
// after an error, but maybe from another goroutine (http.RoundTripper).
type releasing struct {
	io.Reader
	once     sync.Once
	released chan struct{}
}

func (b *releasing) Close() error {
	b.once.Do(func() { close(b.released) })
	return nil
}
