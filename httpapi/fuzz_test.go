package httpapi

import (
	"bytes"
	"io"
	"testing"

	"github.com/valyala/fasthttp"
)

// Without this a form that no browser makes crashes an import or hangs it. The
// reader must end, and a file it hands out must be a part of what was sent.
func FuzzUploadForm(f *testing.F) {
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nCode\nA\n\r\n--b--\r\n"), "multipart/form-data; boundary=b")
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nA"), "multipart/form-data")
	f.Add([]byte("--b\r\n\r\n\r\n--b\r\n\r\n--b--"), "multipart/form-data;boundary=\"b\"")
	f.Add([]byte("--\r\n"), "multipart/form-data")
	f.Add([]byte("Code\nA\n"), "text/csv")
	f.Fuzz(func(t *testing.T, sent []byte, contentType string) {
		x := &exchange{http: new(fasthttp.RequestCtx), route: &route{body: bodyUploadCSV}}
		x.http.Request.Header.SetContentType(contentType)
		up := &upload{
			in: bytes.NewReader(sent), left: 1 << 20, missing: len(sent),
			extend: func() error { return nil },
		}
		file, err := x.file(up)
		if err != nil {
			if _, known := problem(up.reason(x.http, err)); !known {
				t.Fatalf("%q as %q: %v", sent, contentType, err)
			}
			return
		}
		got, err := io.ReadAll(file)
		if err == nil && !bytes.Contains(sent, got) {
			t.Fatalf("%q as %q: the file is %q", sent, contentType, got)
		}
	})
}

// Without this a header that a proxy passed on reaches logs as it is.
func FuzzRequestID(f *testing.F) {
	f.Add([]byte("trace-1"))
	f.Add([]byte("a\nb"))
	f.Add([]byte("\xff"))
	f.Fuzz(func(t *testing.T, given []byte) {
		var h fasthttp.RequestHeader
		h.SetBytesV(headerRequestID, given)
		for _, c := range []byte(requestID(&h)) {
			if c <= ' ' || c > '~' || c == '"' || c == '\\' {
				t.Fatalf("%q gave a request id with %q", given, c)
			}
		}
	})
}
