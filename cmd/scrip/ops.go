package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/scrip-engine/scrip/wire"
)

const (
	// opsAnswerBytesMax fits the status of the largest number of shards many times
	// over.
	opsAnswerBytesMax = 4 << 20
	// opsTimeout is for an answer out of memory. Backups have no timeout: their
	// length is that of the data, and Ctrl-C ends the waiting.
	opsTimeout = 15 * time.Second
)

// base returns the ops address that was given, else the data directory's.
func (c *opsConnection) base() (string, error) {
	if c.Ops != "" {
		return strings.TrimSuffix(c.Ops, "/"), nil
	}
	local, ok, err := readCredentials(c.Data)
	if err != nil {
		return "", err
	}
	if ok && local.OpsURL != "" {
		return local.OpsURL, nil
	}
	return defaultOpsURL, nil
}

// ask sends one request to the ops address and reads its JSON into into. What
// cannot be reached is unavailable.
func (c *opsConnection) ask(ctx context.Context, method, path string, query url.Values, into any) error {
	base, err := c.base()
	if err != nil {
		return err
	}
	address := base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return usage(fmt.Errorf("--ops: %w", err))
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		return unreachable(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, opsAnswerBytesMax))
	if err != nil {
		return unreachable(err)
	}
	if resp.StatusCode != http.StatusOK {
		return opsFailure(resp.StatusCode, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s is no ops address of Scrip: %w", base, err)
	}
	return nil
}

func unreachable(err error) error {
	e := wire.NewError(wire.KeyUnavailable, "the ops address does not answer")
	return errors.Join(&e, err)
}

func opsFailure(status int, body []byte) error {
	var e wire.Error
	if json.Unmarshal(body, &e) == nil && e.Key != "" {
		return &e
	}
	return fmt.Errorf("HTTP %d: %s", status, bytes.TrimSpace(body[:min(len(body), 200)]))
}
