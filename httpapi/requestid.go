package httpapi

import (
	"math/rand/v2"

	"github.com/valyala/fasthttp"
)

const headerRequestID = "X-Request-Id"

// requestID takes over the caller's X-Request-Id if it is harmless in logs and
// headers, so that a trace can be followed through; otherwise it makes one.
func requestID(h *fasthttp.RequestHeader) string {
	if given := h.Peek(headerRequestID); saneRequestID(given) {
		return string(given)
	}
	return newRequestID()
}

func saneRequestID(id []byte) bool {
	if len(id) == 0 || len(id) > requestIDBytesMax {
		return false
	}
	for _, c := range id {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '-', c == '_', c == '.', c == ':', c == '/', c == '+', c == '=':
		default:
			return false
		}
	}
	return true
}

// newRequestID draws an id. It is for tracing only: nothing is decided by it, so
// that the fast generator will do.
func newRequestID() string {
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford's, lower case
	const prefix = "req_"
	id := [len(prefix) + 13]byte{'r', 'e', 'q', '_'}
	bits := rand.Uint64()
	for i := len(prefix); i < len(id); i++ {
		id[i] = alphabet[bits&31]
		bits >>= 5
	}
	return string(id[:])
}
