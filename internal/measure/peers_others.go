package main

import (
	"context"
	"errors"

	"github.com/scrip-engine/scrip/bench"
)

const (
	// redisRateMax and postgresRateMax bound the unique codes of a run.
	redisRateMax    = 60_000
	postgresRateMax = 20_000
)

// redis measures Redis in one turn, by our loop and by its own generator.
func (p *peersRun) redis(ctx context.Context, dir string) (err error) {
	if !p.have("redis-server", redisHint) {
		return nil
	}
	r, err := startRedis(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.stop()) }()
	if p.report.Versions[systemRedis], err = r.version(); err != nil {
		return err
	}
	for _, c := range p.Connections {
		for _, name := range []string{loadHot, loadCustomer, loadUnique} {
			l := p.peerLoad(name, c, redisRateMax)
			if err := r.fill(l); err != nil {
				return err
			}
			result, told, err := bench.DrivePeer(ctx, r.peer(), l)
			if err != nil {
				return err
			}
			p.enter(systemRedis, name, c, result, r.audit(l, told))
			if name == loadUnique || c == 1 {
				continue
			}
			if err := p.redisOwn(ctx, r, name, c, result.RedemptionRate); err != nil {
				return err
			}
		}
	}
	return nil
}

// redisOwn repeats a load with redis-benchmark, for about as long.
func (p *peersRun) redisOwn(ctx context.Context, r *redis, name string, connections int, rate float64) error {
	l := p.peerLoad(name, connections, redisRateMax)
	if err := r.fill(l); err != nil {
		return err
	}
	rate, err := r.crossCheck(ctx, l, max(1000, int64(rate*p.Duration.Seconds())))
	if errors.Is(err, errNoRedisBenchmark) {
		p.missing(err.Error())
		return nil
	}
	p.enter(systemRedisOwn, name, connections, &bench.Result{RedemptionRate: rate, AnswerRate: rate}, err)
	return nil
}

// postgres measures PostgreSQL in one turn. Of several numbers of connections the
// best is its own.
func (p *peersRun) postgres(ctx context.Context, dir string) (err error) {
	bin, ok := findPostgres()
	if !ok {
		p.missing(postgresHint)
		return nil
	}
	server, err := startPostgres(ctx, bin, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	if p.report.Versions[systemPostgres], err = server.version(ctx); err != nil {
		return err
	}
	for _, name := range []string{loadHot, loadUnique} {
		for _, c := range []int{1, 32, 64} {
			l := p.peerLoad(name, c, postgresRateMax)
			if err := server.fill(ctx, l); err != nil {
				return err
			}
			result, told, err := bench.DrivePeer(ctx, server.peer(ctx), l)
			if err != nil {
				return err
			}
			p.enter(systemPostgres, name, c, result, server.audit(ctx, l, told))
		}
	}
	return nil
}
