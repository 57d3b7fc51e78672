package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"github.com/scrip-engine/scrip/bench"
)

// crossCheck lets Redis's own generator put the same load on the server, so that
// our loop cannot be what holds Redis back. It returns redemptions a second. Keys
// are drawn from 4 × 10^18, so that no two are alike; the audit allows for none.
func (r *redis) crossCheck(ctx context.Context, l *bench.PeerLoad, requests int64) (rate float64, err error) {
	path, err := exec.LookPath("redis-benchmark")
	if err != nil {
		return 0, errNoRedisBenchmark
	}
	codes := bench.NewCodes(l.Seed)
	code := codes.Code(l.First)
	customer := ""
	if l.Customers > 0 {
		customer = "c__rand_int__"
	}
	host, port, _ := strings.Cut(r.addr, ":")
	out, err := exec.CommandContext(ctx, path, "-h", host, "-p", port, "-c", strconv.Itoa(l.Load.Connections),
		"-n", strconv.FormatInt(requests, 10), "-r", drawnBelow, "--csv",
		"EVALSHA", r.sha, "3", voucherPrefix+code, answerPrefix+code+":__rand_int____rand_int__", customersPrefix+code, customer,
		strconv.Itoa(orderAmount), rememberMillis).Output()
	if err != nil {
		return 0, fmt.Errorf("redis-benchmark: %w", err)
	}
	if rate, err = parseRedisBenchmark(string(out)); err != nil {
		return 0, err
	}
	return rate, r.audit(l, &bench.Told{Acknowledged: requests})
}

// drawnBelow is near the largest bound that redis-benchmark takes: it is an int of
// 32 bits there, and a larger one draws nothing but zeros.
const drawnBelow = "2000000000"

var errNoRedisBenchmark = errors.New("redis-benchmark is not installed: apt-get install redis-tools")

// parseRedisBenchmark reads the rate out of a line of --csv, whose second column it
// is.
func parseRedisBenchmark(out string) (float64, error) {
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		return 0, fmt.Errorf("redis-benchmark: %w", err)
	}
	for _, row := range rows {
		if len(row) > 1 && row[1] != "rps" {
			return strconv.ParseFloat(row[1], 64)
		}
	}
	return 0, fmt.Errorf("redis-benchmark said no rate: %.200s", out)
}
