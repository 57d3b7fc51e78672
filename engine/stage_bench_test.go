package engine

import (
	"context"
	"testing"

	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// The stages of one redemption on the caller's goroutine, each for itself, and no
// disk: docs/BENCHMARKS.md gives every stage a budget, and `make bench-check`
// holds its allocations. What happens in the log's goroutines is measured by
// raftstore's BenchmarkPropose and shard's BenchmarkApplyRedeem.

const stageBody = `{"redeemables":[{"object":"voucher","id":"hot"}],"order":{"amount":10000}}`

func BenchmarkStageAuthenticate(b *testing.B) {
	e, _ := benchEngine(b)
	k, err := e.CreateKey(context.Background(), e.Default(), &wire.APIKeyCreate{Role: RoleUser})
	if err != nil {
		b.Fatal(err)
	}
	id, token := []byte(k.AppID), []byte(k.Secret)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := e.Authenticate(id, token); !ok {
			b.Fatal("refused")
		}
	}
}

// stage prepares a redemption up to a stage and measures that stage alone.
func stage(b *testing.B, prepare, measured func(*redemption)) {
	b.Helper()
	e, c := benchEngine(b)
	c.Key, c.Minimal = "key", true
	req := new(wire.RedeemRequest)
	if err := req.Decode([]byte(stageBody)); err != nil {
		b.Fatal(err)
	}
	r := e.newRedemption(&c, req)
	defer r.release()
	prepare(r)
	b.ReportAllocs()
	for b.Loop() {
		measured(r)
	}
}

func mustBegin(b *testing.B, r *redemption) {
	if err := r.begin(context.Background()); err != nil {
		b.Fatal(err)
	}
}

func mustSurvey(b *testing.B, r *redemption) {
	if v, err := r.survey(context.Background()); err != nil || v != surveyPropose {
		b.Fatal(v, err)
	}
}

// BenchmarkStageBegin: admission, code, customer, key, fingerprint.
func BenchmarkStageBegin(b *testing.B) {
	stage(b, func(*redemption) {}, func(r *redemption) { mustBegin(b, r) })
}

// BenchmarkStageEvaluate: the look at the code and its receipt, the discount, and
// what the law would say.
func BenchmarkStageEvaluate(b *testing.B) {
	stage(b, func(r *redemption) { mustBegin(b, r) }, func(r *redemption) { mustSurvey(b, r) })
}

// BenchmarkStagePropose: the command, and that the log can carry it.
func BenchmarkStagePropose(b *testing.B) {
	stage(b, func(r *redemption) { mustBegin(b, r); mustSurvey(b, r) }, func(r *redemption) {
		cmd, err := r.command()
		if err == nil {
			err = shard.Verify(cmd)
		}
		if err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkStageRender: the answer from the journal, in its minimal form.
func BenchmarkStageRender(b *testing.B) {
	var reply shard.Reply
	var out wire.RedeemResponse
	var buf []byte
	stage(b, func(r *redemption) {
		mustBegin(b, r)
		var err error
		if reply, err = r.run(context.Background()); err != nil {
			b.Fatal(err)
		}
	}, func(r *redemption) {
		if err := r.answer(&reply, &out); err != nil {
			b.Fatal(err)
		}
		buf = out.AppendMinimal(buf[:0])
	})
}
