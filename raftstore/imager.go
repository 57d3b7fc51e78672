package raftstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cockroachdb/errors/oserror"
	"github.com/hashicorp/raft"
)

// Image makes an image now and returns the newest one; where nothing was applied
// since the last, that one. It waits for other groups' images.
func (g *Group[R]) Image(ctx context.Context) (ImageInfo, error) {
	select {
	case g.host.imageSlot <- struct{}{}:
	case <-ctx.Done():
		return ImageInfo{}, fmt.Errorf("wait for another image: %w", ctx.Err())
	case <-g.stop:
		return ImageInfo{}, ErrClosed
	}
	defer func() { <-g.host.imageSlot }()
	if err := g.host.life.err(); err != nil {
		return ImageInfo{}, fmt.Errorf("make image: %w", err)
	}
	if k, ok := g.images.newest(); ok && k.Index >= g.prog.applied.Load() {
		return k.ImageInfo, nil
	}
	if err := g.raft.Snapshot().Error(); err != nil {
		if errors.Is(err, raft.ErrRaftShutdown) {
			err = ErrClosed
		}
		return ImageInfo{}, fmt.Errorf("make image: %w", err)
	}
	k, ok := g.images.newest()
	if !ok {
		return ImageInfo{}, errors.New("make image: none in the books") // Close of the sink adds it
	}
	return k.ImageInfo, nil
}

// openNewImage makes an image and opens its file. Two more images may be made before
// it is opened and remove it; then it is tried again.
func (g *Group[R]) openNewImage(ctx context.Context) (io.ReadCloser, error) {
	for {
		info, err := g.Image(ctx)
		if err != nil {
			return nil, err
		}
		f, err := g.host.cfg.FS.Open(info.Path)
		if err == nil {
			return f, nil
		}
		if !oserror.IsNotExist(err) || ctx.Err() != nil {
			return nil, err
		}
	}
}

// imageRetry is the pause after an image that failed, for example on a full disk.
const imageRetry = 10 * time.Second

// makeImages makes an image whenever enough log has gathered.
func (g *Group[R]) makeImages() {
	defer g.loops.Done()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-g.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	for {
		select {
		case <-g.stop:
			return
		case <-g.imageDue:
		}
		if g.prog.logBytes.Load() < g.imageThreshold() {
			continue // one was made on request meanwhile
		}
		_, err := g.Image(ctx)
		if err == nil || errors.Is(err, ErrClosed) || g.images.closing.Load() {
			continue
		}
		g.host.cfg.Logger.Error("image failed, the log grows", "group", g.cfg.Name, "error", err)
		select {
		case <-g.stop:
			return
		case <-time.After(imageRetry):
		}
	}
}

// lookForImage is called by the FSM goroutine after every entry.
func (g *Group[R]) lookForImage() {
	if g.prog.logBytes.Load() < g.imageThreshold() {
		return
	}
	select {
	case g.imageDue <- struct{}{}:
	default:
	}
}

// imageThreshold grows with the image, so that writing images stays a bounded
// share of all writing, and is capped, so that replay stays short.
func (g *Group[R]) imageThreshold() int64 {
	least := g.host.cfg.ImageLogBytes
	return min(max(g.images.bytes.Load()/2, least), imageLogFactorMax*least)
}
