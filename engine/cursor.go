package engine

import (
	"encoding/base64"
	"encoding/binary"

	"github.com/scrip-engine/scrip/wire"
)

// Cursors are opaque to clients: a version, a kind, what the list needs to go on,
// and 8 bytes of a keyed hash, so that only cursors that we made are read.
const cursorVersion = 1

type cursorKind byte

const (
	cursorEvents    cursorKind = 1
	cursorList      cursorKind = 2
	cursorCodes     cursorKind = 3
	cursorCatalog   cursorKind = 4
	cursorRefusals  cursorKind = 5
	cursorBytesMax             = 2048
	cursorMACBytes             = 8
	cursorHeadBytes            = 2
	cursorLabel                = "scrip/1/cursor"
)

func (e *Engine) sealCursor(kind cursorKind, body []byte) string {
	b := append([]byte{cursorVersion, byte(kind)}, body...)
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(b, e.cursorMAC(b)))
}

func (e *Engine) openCursor(c *Call, kind cursorKind, text string) ([]byte, error) {
	if len(text) <= cursorBytesMax {
		b, err := base64.RawURLEncoding.DecodeString(text)
		if n := len(b) - cursorMACBytes; err == nil && n >= cursorHeadBytes &&
			binary.BigEndian.Uint64(b[n:]) == e.cursorMAC(b[:n]) && b[0] == cursorVersion && cursorKind(b[1]) == kind {
			return b[cursorHeadBytes:n], nil
		}
	}
	return nil, c.field(wire.KeyInvalidQueryParams, "cursor", "is not one that this list gave out")
}

func (e *Engine) cursorMAC(b []byte) uint64 {
	return e.secret.KeyHash(append([]byte(cursorLabel), b...)).Hi
}
