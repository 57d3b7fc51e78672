package httpapi

import (
	"bytes"
	"encoding/json"

	"github.com/valyala/fasthttp"
)

const (
	contentJSON = "application/json; charset=utf-8"
	contentCSV  = "text/csv; charset=utf-8"
	contentSSE  = "text/event-stream; charset=utf-8"
)

// appender is an answer with an encoder of its own.
type appender interface {
	AppendJSON(dst []byte) []byte
}

// minimalAppender is an answer that knows Prefer: return=minimal.
type minimalAppender interface {
	appender
	AppendMinimal(dst []byte) []byte
}

// write answers 200 into the response's own buffer, without a copy.
func (x *exchange) write(a appender) error {
	x.http.Response.Header.SetContentType(contentJSON)
	x.http.Response.SwapBody(a.AppendJSON(x.http.Response.SwapBody(nil)[:0]))
	return nil
}

// writePreferred is write for the answers that have a minimal form.
func (x *exchange) writePreferred(a minimalAppender) error {
	if !x.minimal {
		return x.write(a)
	}
	h := &x.http.Response.Header
	h.SetContentType(contentJSON)
	h.Set("Preference-Applied", "return=minimal")
	x.http.Response.SwapBody(a.AppendMinimal(x.http.Response.SwapBody(nil)[:0]))
	return nil
}

// json answers 200 with a colder type. HTML escapes are off: codes and names
// come back as they were sent.
func (x *exchange) json(v any) error {
	body, err := encodeJSON(v)
	if err != nil {
		return err
	}
	x.http.Response.Header.SetContentType(contentJSON)
	x.http.Response.SetBodyRaw(body)
	return nil
}

// accepted answers 202: a job will do it.
func (x *exchange) accepted(v any) error {
	x.http.SetStatusCode(fasthttp.StatusAccepted)
	return x.json(v)
}

// gone answers 204.
func (x *exchange) gone() error {
	x.http.SetStatusCode(fasthttp.StatusNoContent)
	return nil
}

func encodeJSON(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
