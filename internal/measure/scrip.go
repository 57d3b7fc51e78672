package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/scrip-engine/scrip/bench"
	"github.com/scrip-engine/scrip/wire"
)

// scrip is the built program as a server of its own.
type scrip struct {
	*process
	data    string
	url     string
	opsURL  string
	key     bench.Credentials
	admin   bench.Admin
	release func()
}

// startScrip starts the program on a data directory, with the settings that it
// has by itself, and returns when it serves.
func startScrip(ctx context.Context, binary, data string) (_ *scrip, err error) {
	s := &scrip{data: data}
	lines, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(binary, "serve", "-o", "json", "--data", data, "--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0", "--log-level", "warn")
	cmd.Stdout, cmd.SysProcAttr = write, belongs()
	s.process, err = launch(data+".log", cmd)
	if err := errors.Join(err, write.Close()); err != nil {
		return nil, errors.Join(err, lines.Close())
	}
	first, err := bufio.NewReader(lines).ReadBytes('\n') // ends with the process
	if err = errors.Join(err, lines.Close()); err == nil {
		err = s.understand(first)
	}
	if err == nil {
		err = s.await(ctx, startWait, s.ready)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("scrip did not start: %w", err), s.stop())
	}
	return s, nil
}

// understand reads the announcement and the key beside the data.
func (s *scrip) understand(first []byte) error {
	var say struct {
		URL    string `json:"url"`
		OpsURL string `json:"ops_url"`
	}
	if err := json.Unmarshal(first, &say); err != nil {
		return fmt.Errorf("announcement: %w", err)
	}
	s.url, s.opsURL = say.URL, say.OpsURL
	text, err := os.ReadFile(filepath.Join(s.data, "credentials.json"))
	if err != nil {
		return err
	}
	var key struct {
		AppID    string `json:"app_id"`
		AppToken string `json:"app_token"`
	}
	if err := json.Unmarshal(text, &key); err != nil {
		return fmt.Errorf("credentials: %w", err)
	}
	s.key = bench.Credentials{AppID: key.AppID, AppToken: key.AppToken}
	s.admin, s.release, err = bench.NewHTTPAdmin(s.url, s.key)
	return err
}

// ready succeeds when requests should be sent.
func (s *scrip) ready(ctx context.Context) error {
	_, err := s.ops(ctx, "/readyz")
	return err
}

// ops reads a page for operators.
func (s *scrip) ops(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.opsURL+path, nil)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, 8<<20))
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: status %d: %.200s", path, res.StatusCode, text)
	}
	return string(text), nil
}

// stop ends it in order.
func (s *scrip) stop() error {
	if s.release != nil {
		s.release()
	}
	return s.process.stop(syscall.SIGTERM)
}

// syncedLog is what every success of Scrip has behind it.
const syncedLog = "each success is in the synced log (fdatasync) of a group of one voter before it is answered"

// target is the server to bench.
func (s *scrip) target() (bench.Target, error) {
	u, err := url.Parse(s.url)
	if err != nil {
		return bench.Target{}, err
	}
	return bench.Target{Name: "scrip", Address: u.Host, Key: s.key, Admin: s.admin, Durability: syncedLog}, nil
}

// peer asks it as the others are asked, for loads that bench has no scenario of.
func (s *scrip) peer() (*bench.Peer, error) {
	t, err := s.target()
	if err != nil {
		return nil, err
	}
	return &bench.Peer{Address: t.Address, Protocol: func(shape *bench.Shape) bench.Protocol {
		return bench.NewHTTP(t.Address, t.Key, shape)
	}}, nil
}

// perCustomer is a limit that is counted and never reached.
const perCustomer = 1_000_000

// limitedAdmin gives every campaign a limit for each customer, so that it is
// counted as the others count it.
type limitedAdmin struct{ bench.Admin }

// CreateCampaign adds the limit.
func (a limitedAdmin) CreateCampaign(ctx context.Context, req *wire.CampaignCreate) error {
	req.Voucher.Redemption.PerCustomer = wire.Some[int64](perCustomer)
	return a.Admin.CreateCampaign(ctx, req)
}

// startBare starts the handler that answers the same bytes to everything.
func startBare(ctx context.Context, binary, dir string) (_ *process, addr string, err error) {
	if addr, err = freeAddress(); err != nil {
		return nil, "", err
	}
	cmd := exec.Command(binary, "bench-bare", "--addr", addr)
	cmd.SysProcAttr = belongs()
	p, err := launch(filepath.Join(dir, "log"), cmd)
	if err != nil {
		return nil, "", err
	}
	err = p.await(ctx, startWait, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		return res.Body.Close()
	})
	if err != nil {
		return nil, "", errors.Join(err, p.stop(syscall.SIGTERM))
	}
	return p, addr, nil
}

// programVersion asks a built program who it is.
func programVersion(ctx context.Context, binary string) (string, error) {
	out, err := exec.CommandContext(ctx, binary, "version").Output()
	if err != nil {
		return "", fmt.Errorf("%s version: %w", binary, err)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line, nil
}
