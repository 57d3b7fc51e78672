package httpapi

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/scrip-engine/scrip/engine"
	"github.com/scrip-engine/scrip/wire"
)

// importCampaignCSV is POST /v1/campaigns/{campaignId}/importCSV.
func importCampaignCSV(x *exchange) error { return importInto(x, engine.FormatCSV) }

// importCampaign is POST /v1/campaigns/{campaignId}/import.
func importCampaign(x *exchange) error { return importInto(x, engine.FormatJSON) }

// importVouchersCSV is POST /v1/vouchers/importCSV: standalone vouchers.
func importVouchersCSV(x *exchange) error { return importAs(x, "", engine.FormatCSV) }

// importVouchers is POST /v1/vouchers/import.
func importVouchers(x *exchange) error { return importAs(x, "", engine.FormatJSON) }

func importInto(x *exchange, format engine.ImportFormat) error {
	id, err := x.idParam()
	if err != nil {
		return err
	}
	return importAs(x, id, format)
}

// importAs hands the engine the file as it arrives: it is as large as the client
// pleases up to the bound, and held nowhere here.
func importAs(x *exchange, campaign string, format engine.ImportFormat) error {
	up := &upload{
		in: x.http.RequestBodyStream(), left: x.server.limits.UploadBytes,
		missing: max(x.http.Request.Header.ContentLength(), 0),
		extend: func() error {
			return x.http.SetReadDeadline(time.Now().Add(x.server.limits.StallTimeout))
		},
	}
	if up.in == nil || emptyBody(&x.http.Request.Header) {
		return refuse(wire.KeyInvalidPayload, "There is no file in the request")
	}
	if int64(up.missing) > up.left {
		return tooLarge(int(up.left))
	}
	file, err := x.file(up)
	if err != nil {
		return up.reason(x.http, err)
	}
	// Not the request's context: a large file takes longer than a request may,
	// and the stall timeout bounds it instead.
	job, err := x.server.engine.Import(x.server.base, x.call, campaign, format, file)
	x.received, x.bodyDone = up.taken, up.broken()
	if err != nil {
		return up.reason(x.http, err)
	}
	return x.accepted(job)
}

// file finds the file in the body: the body itself, or the part named file of a
// multipart form.
func (x *exchange) file(body *upload) (io.Reader, error) {
	media, err := x.contentType()
	if err != nil {
		return nil, err
	}
	if media != "multipart/form-data" {
		return body, nil
	}
	in := bufio.NewReaderSize(body, 4<<10)
	boundary, err := formBoundary(&x.http.Request.Header, in)
	if err != nil {
		return nil, err
	}
	form := multipart.NewReader(in, boundary)
	for range multipartPartsMax {
		part, err := form.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, formError(err)
		}
		if part.FormName() == "file" {
			return &formFile{part, body}, nil
		}
	}
	return nil, refuseField(wire.KeyInvalidPayload, "file", "The form has no part named file")
}

// formBoundary returns the boundary that the header names. The JavaScript SDK
// sends a bare multipart/form-data; then the first line of the body is it.
func formBoundary(h *fasthttp.RequestHeader, in *bufio.Reader) (string, error) {
	if _, params, err := mime.ParseMediaType(string(h.ContentType())); err == nil && params["boundary"] != "" {
		return params["boundary"], nil
	}
	const boundaryBytesMax = 70 // RFC 2046, 5.1.1
	head, err := in.Peek(len("--") + boundaryBytesMax + len("\r\n"))
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	line, _, found := bytes.Cut(head, []byte("\r\n"))
	boundary, dashed := bytes.CutPrefix(line, []byte("--"))
	if !found || !dashed || len(boundary) == 0 {
		return "", formError(nil)
	}
	return string(boundary), nil
}

// formError keeps what the connection said; the rest is a form that cannot be
// read.
func formError(err error) error {
	var failed *uploadError
	if errors.As(err, &failed) {
		return err
	}
	return refuse(wire.KeyInvalidPayload, "The multipart form cannot be read")
}

// formFile is the file's part of a form. What ends it early is the upload's
// error, whatever becomes of it on its way through the engine.
type formFile struct {
	part io.Reader
	up   *upload
}

func (f *formFile) Read(p []byte) (int, error) {
	n, err := f.part.Read(p)
	if err != nil && err != io.EOF && f.up.err == nil {
		err = f.up.failed(err)
	}
	return n, err
}

// upload is a body that is read as it arrives. It tells a file that ended early
// from one that is whole (H6), which fasthttp does not.
type upload struct {
	in      io.Reader
	left    int64 // of the bound
	missing int   // of the announced length; 0 when none was announced
	taken   int
	extend  func() error // gives the client another StallTimeout
	err     error        // what ended it, other than its proper end
}

// uploadError marks an error that came from the client's connection, so that it
// is known again after the engine wrapped it.
type uploadError struct{ cause error }

func (e *uploadError) Error() string { return "upload: " + e.cause.Error() }
func (e *uploadError) Unwrap() error { return e.cause }

func (u *upload) Read(p []byte) (int, error) {
	if u.err != nil {
		return 0, u.err
	}
	if err := u.extend(); err != nil {
		return 0, u.failed(err)
	}
	n, err := u.in.Read(p)
	u.taken += n
	u.left -= int64(n)
	announced := u.missing > 0
	if announced {
		u.missing -= n
	}
	switch {
	case u.left < 0:
		return 0, u.failed(refuse(wire.KeyPayloadTooLarge, "The file is too large"))
	case err == io.EOF && announced && u.missing > 0:
		return n, u.failed(io.ErrUnexpectedEOF)
	case err != nil && err != io.EOF:
		return n, u.failed(err)
	}
	return n, err
}

func (u *upload) failed(err error) error {
	u.err = &uploadError{err}
	return u.err
}

// broken reports that the connection failed, so that nothing more will come.
func (u *upload) broken() bool { return u.err != nil && u.left >= 0 }

// reason returns what to answer: the connection's error where there was one,
// whatever became of it on its way through the engine. The rest of the body is
// not awaited then.
func (u *upload) reason(ctx *fasthttp.RequestCtx, err error) error {
	if u.err == nil {
		return err
	}
	if u.broken() {
		ctx.SetConnectionClose() // it is the connection that failed
	}
	return bodyError(errors.Unwrap(u.err))
}
