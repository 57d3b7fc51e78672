package jobs

import (
	"bufio"
	"context"
	"errors"

	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// generator draws codes of one job.
type generator struct {
	w       *work
	pattern *coupon.CodePattern
	random  *bufio.Reader // a system call for each code would cost as much as the rest
	spec    shard.Spec    // of every code
	perCode int           // bytes of one in a chunk
	scratch []byte
	stock   [][]shard.NewCode // by shard: drawn and not sent
	text    [][]byte          // by shard: where their texts lie
}

// randomBytes is read from the source of chance at once: about three hundred codes.
const randomBytes = 4 << 10

// generate makes as many codes as are missing, in rounds: what is drawn and
// turns out to be taken is drawn again in the next. A job that goes on after a
// crash begins with what the shards say is there (J1).
func (w *work) generate(ctx context.Context) error {
	var p GenerateParams
	if err := decodeParams(w.job.Params, &p); err != nil {
		return err
	}
	w.total = p.Count
	if p.Count < 1 || p.Count > coupon.GenerateCountMax {
		return failf(wire.KeyInvalidPayload, "the number of codes is not between 1 and %d", coupon.GenerateCountMax)
	}
	g, err := w.newGenerator(ctx, &p)
	if err != nil {
		return err
	}
	for {
		w.report(ctx)
		created, taken := w.applied()
		if created >= p.Count {
			return nil
		}
		if err := w.crowded(created, taken); err != nil {
			return err
		}
		if err := g.round(ctx, p.Count-created); err != nil {
			return err
		}
	}
}

func (w *work) newGenerator(ctx context.Context, p *GenerateParams) (*generator, error) {
	pattern, err := coupon.CodeConfig(p.CodeConfig).Compile(w.rules)
	if err != nil {
		return nil, failf(wire.KeyInvalidCodeConfig, "%v", err)
	}
	g := &generator{
		w: w, pattern: pattern, random: bufio.NewReaderSize(w.r.random, randomBytes),
		stock: make([][]shard.NewCode, len(w.r.turns)), text: make([][]byte, len(w.r.turns)),
	}
	var bad *wire.Error
	g.spec, bad, err = w.compile(ctx, p.row())
	if err != nil {
		return nil, err
	}
	if bad != nil {
		return nil, failf(bad.Key, "%s", bad.Error())
	}
	one, err := g.draw()
	if err != nil {
		return nil, err
	}
	empty := w.head(1)
	full := w.head(1)
	full.Codes = []shard.NewCode{{Issued: []byte(one.Issued), Spec: g.spec}}
	g.perCode = len(shard.AppendImport(nil, full)) - len(shard.AppendImport(nil, empty))
	return g, nil
}

// round draws count codes and has them issued.
func (g *generator) round(ctx context.Context, count int64) error {
	lanes := openLanes(g.w, func(s int, codes []shard.NewCode) error { return g.carry(ctx, s, codes) })
	err := g.fill(ctx, lanes, count)
	if halted := lanes.close(); halted != nil {
		return halted
	}
	return err
}

func (g *generator) fill(ctx context.Context, to *lanes[[]shard.NewCode], count int64) error {
	most := max(1, min(g.w.r.cut.Codes, g.w.r.cut.Bytes/g.perCode))
	for range count {
		if err := ctx.Err(); err != nil {
			return err
		}
		code, err := g.draw()
		if err != nil {
			return err
		}
		g.scratch = append(g.scratch[:0], code.Folded...)
		hash, s := g.w.r.cfg.Host.Place(g.w.job.Project, g.scratch)
		at := len(g.text[s])
		g.text[s] = append(g.text[s], code.Issued...)
		issued := g.text[s][at:len(g.text[s]):len(g.text[s])]
		g.stock[s] = append(g.stock[s], shard.NewCode{Hash: hash, Issued: issued, Spec: g.spec})
		if len(g.stock[s]) == most {
			if err := g.send(to, s); err != nil {
				return err
			}
		}
	}
	for s := range g.stock {
		if len(g.stock[s]) > 0 {
			if err := g.send(to, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// send gives the stock of a shard away, texts and all.
func (g *generator) send(to *lanes[[]shard.NewCode], s int) error {
	codes := g.stock[s]
	g.stock[s] = make([]shard.NewCode, 0, cap(codes))
	g.text[s] = make([]byte, 0, cap(g.text[s]))
	return to.send(s, codes)
}

// carry issues codes as the chunk after the highest that was applied.
func (g *generator) carry(ctx context.Context, s int, codes []shard.NewCode) error {
	if _, err := g.w.campaign(); err != nil {
		return err
	}
	q := g.w.head(g.w.appliedChunk(s) + 1)
	q.Codes = codes
	reply, err := g.w.issue(ctx, s, q)
	if err != nil {
		return err
	}
	g.w.r.met.created(g.w.job.Kind, reply.Created)
	g.w.report(ctx)
	for _, row := range reply.FailedRows {
		if row.Outcome != coupon.DuplicateFound && row.Outcome != coupon.CodeBlocked {
			return failf(outcomeKey(row.Outcome), "a code could not be issued")
		}
	}
	return g.w.crowded(g.w.applied())
}

// crowded ends a job whose draws are mostly taken: the pattern's space is full, or
// nearly. The shards count the draws too, so a restart does not begin anew.
func (w *work) crowded(created, taken int64) error {
	if taken <= w.total+drawsSpareMax {
		return nil
	}
	return failf(wire.KeyInvalidCodeConfig,
		"the pattern has no room left: %d codes were made, and %d draws met codes that exist", created, taken)
}

// draw returns one code of the pattern that may be issued.
func (g *generator) draw() (coupon.Code, error) {
	for range redrawsMax {
		var err error
		if g.scratch, err = g.pattern.Draw(g.random, g.scratch[:0]); err != nil {
			return coupon.Code{}, err
		}
		code, err := g.w.rules.ParseNew(string(g.scratch))
		if err == nil {
			return code, nil
		}
		var refused *coupon.CodeError
		if !errors.As(err, &refused) || refused.Reason != coupon.CodeReserved {
			return coupon.Code{}, failf(wire.KeyInvalidCodeConfig, "%v", err)
		}
	}
	return coupon.Code{}, failf(wire.KeyInvalidCodeConfig, "the pattern makes reserved words only")
}

// outcomeKey is the error key of a code that a shard refused.
func outcomeKey(o coupon.Outcome) string {
	if key := o.Key(); key != "" {
		return key
	}
	return wire.KeyInternalError
}
