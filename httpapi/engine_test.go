package httpapi

import "github.com/scrip-engine/scrip/engine"

// The engine is taken through an interface; this is where a signature that
// drifted shows first.
var _ Engine = (*engine.Engine)(nil)
