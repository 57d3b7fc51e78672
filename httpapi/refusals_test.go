package httpapi

import (
	"context"
	"fmt"

	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/wire"
)

func (f *fake) Refusals(_ context.Context, c engine.Call, q engine.RefusalQuery) (*wire.List[wire.Refusal], error) {
	return &wire.List[wire.Refusal]{DataRef: wire.ListData, Kept: &wire.RefusalsKept{}}, f.saw(c, "Refusals", fmt.Sprintf("%+v", q))
}

func (f *fake) RefusalCounts(_ context.Context, c engine.Call, q engine.RefusalCountQuery) (*wire.RefusalCounts, error) {
	return &wire.RefusalCounts{Object: "list", DataRef: wire.ListData, Data: []wire.RefusalCount{}}, f.saw(c, "RefusalCounts", fmt.Sprintf("%+v", q))
}
