package httpapi

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/scrip-engine/scrip/wire"
)

const csvFile = "Code,Category\r\nA,x\r\nB,y\r\n"

// form returns a multipart body whose last part is the file, and its type.
func form(t *testing.T, file string, fields ...string) (body, contentType string) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for i := 0; i+1 < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", "codes.csv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(part, file); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String(), w.FormDataContentType()
}

// Without this a file arrives with the form's lines around it, or the JavaScript
// SDK, which names no boundary, cannot upload.
func TestUploads(t *testing.T) {
	n := start(t, Limits{})
	f := func(path, body, contentType, want string) {
		t.Helper()
		n.engine.took()
		a := n.as("user", "POST", path, body, "Content-Type", contentType)
		if got := n.engine.took(); a.status != 202 || got != want || !strings.Contains(a.body, "aa_1") {
			t.Errorf("%s as %s: %d %s, engine saw %q", path, contentType, a.status, a.body, got)
		}
	}
	f("/v1/campaigns/spring/importCSV", csvFile, "text/csv", "Import spring csv "+csvFile)
	f("/v1/vouchers/importCSV", csvFile, "text/csv; charset=utf-8", "Import  csv "+csvFile)
	body, contentType := form(t, csvFile)
	f("/v1/campaigns/spring/importCSV", body, contentType, "Import spring csv "+csvFile)
	f("/v1/vouchers/importCSV", body, "multipart/form-data", "Import  csv "+csvFile)
	body, contentType = form(t, csvFile, "comment", strings.Repeat("x", 100_000), "other", "y")
	f("/v1/vouchers/importCSV", body, contentType, "Import  csv "+csvFile)
	f("/v1/campaigns/spring/import", `[{"code":"A"}]`, "application/json", `Import spring json [{"code":"A"}]`)
}

// Without this half a form, or one without a file, is an import of nothing.
func TestFormsThatAreNone(t *testing.T) {
	n := start(t, Limits{})
	f := func(body, contentType string, status int, key string) {
		t.Helper()
		n.wantError(n.as("user", "POST", "/v1/vouchers/importCSV", body, "Content-Type", contentType), status, key)
	}
	whole, contentType := form(t, csvFile)
	other := strings.Replace(whole, `name="file"`, `name="data"`, 1)
	many, manyType := form(t, csvFile, strings.Split(strings.Repeat("a,b,", multipartPartsMax), ",")[:2*multipartPartsMax]...)
	f(other, contentType, 400, wire.KeyInvalidPayload)
	f(many, manyType, 400, wire.KeyInvalidPayload)
	f(strings.TrimSuffix(whole[:len(whole)-20], "\r\n"), contentType, 400, wire.KeyInvalidPayload)
	f("no form at all", contentType, 400, wire.KeyInvalidPayload)
	f("no form at all", "multipart/form-data", 400, wire.KeyInvalidPayload)
	f("{}", "application/json", 415, wire.KeyUnsupportedMediaType)
	n.wantError(n.as("user", "POST", "/v1/vouchers/importCSV", "", "Content-Type", "text/csv"), 400, wire.KeyInvalidPayload)
	n.alive()
}

// Without this a file that broke off on its way is imported as far as it came:
// fasthttp reports the end of a cut-off body like any other.
func TestTruncatedUploadIsNotAccepted(t *testing.T) {
	n := start(t, Limits{})
	reported := make(chan error, 1)
	n.engine.onImport = func(body io.Reader) error {
		_, err := io.Copy(io.Discard, body)
		reported <- err
		if err != nil {
			return fmt.Errorf("spool: %w", err)
		}
		return nil
	}
	f := func(raw string) {
		t.Helper()
		conn := n.send("POST /v1/vouchers/importCSV HTTP/1.1\r\n" + authHeaders + "Content-Type: text/csv\r\n" + raw)
		if err := conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if err := <-reported; err == nil {
			t.Errorf("the engine saw a whole file: %q", raw)
		}
		n.wantError(n.readAnswer(readerOf(conn)), 400, wire.KeyInvalidPayload)
	}
	rows := strings.Repeat("CODE,x\n", 5000) // beyond what is read ahead
	f(fmt.Sprintf("Content-Length: %d\r\n\r\nCode\n%s", len(rows)+6, rows))
	f(fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(rows), rows))
	f(fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s", len(rows)+1, rows))
	n.alive()
}

// Without this an upload that stalls holds its connection and a spool for ever.
func TestStalledUploadIsGivenUp(t *testing.T) {
	n := start(t, Limits{StallTimeout: 50 * time.Millisecond})
	conn := n.send("POST /v1/vouchers/importCSV HTTP/1.1\r\n" + authHeaders +
		"Content-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nCode\n\r\n")
	n.wantError(n.readAnswer(readerOf(conn)), 408, wire.KeyInvalidPayload)
	if seen := n.engine.took(); seen != "" {
		t.Errorf("the engine accepted: %s", seen)
	}
	n.alive()
}

// Without this a file of any size fills the disk.
func TestUploadsAreBounded(t *testing.T) {
	const limit = 100_000
	n := start(t, Limits{UploadBytes: limit})
	f := func(size int, chunked bool, status int) {
		t.Helper()
		req, err := http.NewRequest("POST", "http://"+n.addr+"/v1/vouchers/importCSV", strings.NewReader(strings.Repeat("x", size)))
		if err != nil {
			t.Fatal(err)
		}
		if chunked {
			req.ContentLength = -1
		}
		for k, v := range map[string]string{"X-App-Id": "user", "X-App-Token": goodToken, "Content-Type": "text/csv"} {
			req.Header.Set(k, v)
		}
		if a := n.do(req); a.status != status {
			t.Errorf("%d bytes, chunked %v: %d %s", size, chunked, a.status, a.body)
		}
	}
	for _, chunked := range []bool{false, true} {
		f(limit, chunked, 202)
		f(limit+1, chunked, 413)
	}
}

// Without this the answer to an upload that is refused early is lost: the kernel
// resets a connection that is closed while bytes wait in it.
func TestEarlyAnswerOfALargeUploadArrives(t *testing.T) {
	n := start(t, Limits{})
	n.engine.onImport = func(io.Reader) error { return refuse(wire.KeyNotFound, "no such campaign") }
	file := strings.Repeat("CODE,x\n", 1<<20)
	for range 5 {
		// The client sends all before it looks: the worst case.
		conn := n.dial()
		head := fmt.Sprintf("POST /v1/campaigns/x/importCSV HTTP/1.1\r\n%sContent-Type: text/csv\r\nContent-Length: %d\r\n\r\n", authHeaders, len(file))
		if _, err := io.WriteString(conn, head+file); err != nil {
			t.Fatal(err)
		}
		n.wantError(n.readAnswer(readerOf(conn)), 404, wire.KeyNotFound)
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
	}
	n.alive()
}
