package httpapi

import (
	"bytes"
	"fmt"
	"io"

	"github.com/valyala/fasthttp"

	"github.com/scrip-engine/scrip/wire"
)

// bodyKind is what a route takes.
type bodyKind uint8

const (
	bodyNone      bodyKind = iota // whatever is sent is left unread
	bodyJSON                      // empty means {}
	bodyForm                      // of a token request
	bodyUploadCSV                 // a file, raw or in a form; read by the handler
	bodyUploadArr                 // a JSON array; read by the handler
)

// upload reports whether the handler reads the body.
func (k bodyKind) upload() bool { return k == bodyUploadCSV || k == bodyUploadArr }

// contentTypes lists what a kind may come as, the first one being what to use.
var contentTypes = [...][]string{
	bodyNone:      nil,
	bodyJSON:      {"application/json"},
	bodyForm:      {"application/x-www-form-urlencoded"},
	bodyUploadCSV: {"multipart/form-data", "text/csv"},
	bodyUploadArr: {"application/json"},
}

// takeBody checks the content type, and reads the body unless the handler does.
func (x *exchange) takeBody() error {
	kind := x.route.body
	if kind == bodyNone {
		return nil
	}
	length := x.http.Request.Header.ContentLength()
	if empty := length == 0 || length == -2; empty && kind == bodyJSON {
		x.body = []byte("{}")
		return nil
	}
	if _, err := x.contentType(); err != nil {
		return err
	}
	if kind.upload() {
		return nil
	}
	body, err := x.readBody(length, x.route.limit)
	if err != nil {
		return err
	}
	x.received = len(body)
	if kind == bodyJSON && len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	x.body = body
	return nil
}

// contentType returns which of the route's types the body has. Bodies are never
// compressed: a small one could grow beyond every bound.
func (x *exchange) contentType() (string, error) {
	h := &x.http.Request.Header
	if encoding := h.ContentEncoding(); len(encoding) > 0 && !bytes.EqualFold(encoding, []byte("identity")) {
		return "", refuseField(wire.KeyUnsupportedMediaType, "Content-Encoding", "A compressed body is not supported")
	}
	known := contentTypes[x.route.body]
	media, _, _ := bytes.Cut(h.ContentType(), []byte(";"))
	media = bytes.TrimSpace(media)
	for _, want := range known {
		if bytes.EqualFold(media, []byte(want)) {
			return want, nil
		}
	}
	return "", refuseField(wire.KeyUnsupportedMediaType, "Content-Type", "Content-Type must be "+known[0])
}

// readBody copies the body out of the connection (H1).
func (x *exchange) readBody(length, limit int) ([]byte, error) {
	if length > limit {
		return nil, tooLarge(limit)
	}
	in := x.http.RequestBodyStream()
	if in == nil {
		return nil, nil
	}
	chunked := length < 0
	if chunked {
		length = limit // shows at the end
	}
	if err := x.reserve(length); err != nil {
		return nil, err
	}
	body, err := fill(in, length, chunked)
	if err != nil {
		x.bodyDone = true // nothing more will come of it
		x.http.SetConnectionClose()
		if x.server.conns.stopping.Load() {
			return nil, refuse(wire.KeyDraining, "") // it is us who ended the reading
		}
		return nil, bodyError(err)
	}
	if len(body) > limit {
		return nil, tooLarge(limit)
	}
	x.bodyDone = true
	return body, nil
}

// fill reads length bytes, or chunks up to one byte more than length.
func fill(in io.Reader, length int, chunked bool) ([]byte, error) {
	if chunked {
		return io.ReadAll(io.LimitReader(in, int64(length)+1))
	}
	body := make([]byte, length)
	_, err := io.ReadFull(in, body)
	return body, err
}

// reserve counts a larger body against the bound on all of them.
func (x *exchange) reserve(n int) error {
	if n <= reserveOver {
		return nil
	}
	x.reserved = int64(n)
	if x.server.bodyBytes.Add(x.reserved) > x.server.limits.BodyBytesInFlight {
		return refuse(wire.KeyCapacity, "Too many large requests at once")
	}
	return nil
}

func tooLarge(limit int) *wire.Error {
	return refuse(wire.KeyPayloadTooLarge, fmt.Sprintf("The limit is %d bytes", limit))
}

// emptyBody reports that an upload announced no body.
func emptyBody(h *fasthttp.RequestHeader) bool {
	n := h.ContentLength()
	return n == 0 || n == -2
}
