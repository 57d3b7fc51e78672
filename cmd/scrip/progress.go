package main

import (
	"io"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progressColumns keeps bars readable on a wide terminal.
const progressColumns = 100

// bars draws progress on a terminal. Where there is none it draws nothing, and a
// nil *bars does the same.
type bars struct{ mpb *mpb.Progress }

// bars returns what draws on stderr. done ends it.
func (a *app) bars() *bars {
	if !a.terminal || a.json {
		return nil
	}
	return &bars{mpb.New(mpb.WithOutput(a.err), mpb.WithWidth(progressColumns), mpb.WithAutoRefresh())}
}

// done waits until everything is drawn.
func (b *bars) done() {
	if b != nil {
		b.mpb.Wait()
	}
}

// bar is one line. It must be ended, or done waits for it.
type bar struct{ mpb *mpb.Bar }

// bytes begins a bar that counts bytes up to total.
func (b *bars) bytes(name string, total int64) *bar {
	if b == nil {
		return nil
	}
	return &bar{b.mpb.AddBar(total, mpb.PrependDecorators(decor.Name(name, decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.CountersKibiByte("% .1f / % .1f")))}
}

// percent begins a bar from 0 to 100.
func (b *bars) percent(name string) *bar {
	if b == nil {
		return nil
	}
	return &bar{b.mpb.AddBar(100, mpb.PrependDecorators(decor.Name(name, decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.Percentage()))}
}

func (b *bar) set(n int64) {
	if b != nil {
		b.mpb.SetCurrent(n)
	}
}

// end leaves the bar as it is, full or not.
func (b *bar) end() {
	if b != nil {
		b.mpb.Abort(false) // does nothing to a bar that is full
		b.mpb.Wait()
	}
}

// counting moves a bar along with a file that is read, also back when it is read
// again from its start.
type counting struct {
	file io.ReadSeeker
	bar  *bar
	at   int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.file.Read(p)
	c.at += int64(n)
	c.bar.set(c.at)
	return n, err
}

func (c *counting) Seek(offset int64, whence int) (int64, error) {
	at, err := c.file.Seek(offset, whence)
	if err == nil {
		c.at = at
	}
	return at, err
}
