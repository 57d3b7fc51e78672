package client

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/scrip-engine/scrip/wire"
)

// quick retries without waiting noticeably, for tests against a real listener.
func quick() Retry { return Retry{WaitMin: 1, WaitMax: 1} }

func serve(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := New(Config{URL: s.URL + "/v1/", AppID: "app", AppToken: "token", Retry: quick()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func say(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func refuse(w http.ResponseWriter, key string) {
	e := wire.NewError(key, "")
	say(w, e.Code, string(e.AppendJSON(nil)))
}

// Without this a file whose upload broke is sent on from where it stopped, and
// half of the codes are missing; or a pipe is sent again although it is empty.
func TestUploadBeginsAgain(t *testing.T) {
	file := strings.Repeat("code\nSUMMER-1\n", 100_000)
	f := func(in io.Reader, wantUploads int32, wantDone bool) {
		t.Helper()
		var uploads atomic.Int32
		var keys [2]string
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			n := uploads.Add(1)
			keys[min(n, 2)-1] = r.Header.Get("Idempotency-Key")
			if n == 1 {
				_, _ = io.CopyN(io.Discard, r.Body, 1000)
				panic(http.ErrAbortHandler) // the connection breaks in the middle
			}
			part, err := mustPart(r)
			if err != nil || part != file {
				t.Errorf("second upload: %d bytes, %v; want %d", len(part), err, len(file))
			}
			say(w, http.StatusAccepted, `{"async_action_id":"job_1"}`)
		})
		got, err := c.ImportCSV(t.Context(), "summer sale", in, Key("digest"))
		if uploads.Load() != wantUploads || (err == nil) != wantDone {
			t.Fatalf("%d uploads, %v; want %d", uploads.Load(), err, wantUploads)
		}
		if wantDone && (got.AsyncActionID != "job_1" || keys != [2]string{"digest", "digest"}) {
			t.Errorf("answer %v, keys %q", got, keys)
		}
		if !wantDone && (!IsUnknown(err) || KeyOf(err) != "digest") {
			t.Errorf("%v: want unknown, with the key", err)
		}
	}
	f(strings.NewReader(file), 2, true)
	f(io.MultiReader(strings.NewReader(file)), 1, false)
}

func mustPart(r *http.Request) (string, error) {
	form, err := r.MultipartReader()
	if err != nil {
		return "", err
	}
	part, err := form.NextPart()
	if err != nil {
		return "", err
	}
	if part.FormName() != "file" {
		return "", errors.New("the part is named " + part.FormName())
	}
	content, err := io.ReadAll(part)
	if err != nil {
		return "", err
	}
	if _, err := form.NextPart(); !errors.Is(err, io.EOF) {
		return "", errors.New("the form does not end after the file")
	}
	return string(content), nil
}

// Without this an early refusal of an upload hangs, or is taken for a broken
// connection.
func TestUploadRefusedEarly(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) { refuse(w, wire.KeyUnauthorized) })
	file := strings.NewReader(strings.Repeat("x", 1<<20))
	if _, err := c.ImportCSV(t.Context(), "", file); !IsDenied(err) && !IsUnknown(err) {
		t.Errorf("%v: want the refusal, or unknown where the connection broke first", err)
	}
}

// Without this a download that broke is taken for the whole list of codes.
func TestDownloadThatBreaks(t *testing.T) {
	whole := true
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "code\nSUMMER-1\n")
		if !whole {
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
	})
	var out bytes.Buffer
	if err := c.ExportCSV(t.Context(), "summer", &out); err != nil || out.String() != "code\nSUMMER-1\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	whole = false
	if err := c.ExportCSV(t.Context(), "summer", &out); !IsUnavailable(err) {
		t.Errorf("%v: want an error, the list is not whole", err)
	}
}

// Without this a job is reported done before it is, or a restart of the server in
// the middle of a job ends the waiting.
func TestWait(t *testing.T) {
	var asked atomic.Int32
	last := `{"id":"job_1","status":"DONE","progress":100,"result":{"done_count":3,"failed_count":1,"failed":[{"code":"A","row":2,"reason":"duplicate_found"}]}}`
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch asked.Add(1) {
		case 1:
			say(w, 200, `{"id":"job_1","status":"IN_PROGRESS","progress":40}`)
		case 2, 3, 4, 5, 6, 7, 8: // more than one call's attempts
			refuse(w, wire.KeyUnavailable)
		default:
			say(w, 200, last)
		}
	})
	var progress []int64
	got, err := c.Wait(t.Context(), "job_1", func(a *wire.AsyncAction) { progress = append(progress, a.Progress) })
	if err != nil || got.Result.DoneCount != 3 || got.Result.Failed[0].Reason != "duplicate_found" || !slices.Equal(progress, []int64{40, 100}) {
		t.Errorf("%+v, %v, progress %v", got, err, progress)
	}
	last = `{"id":"job_1","status":"FAILED","result":{"message":"the campaign was deleted"}}`
	var failed *JobFailedError
	if _, err := c.Wait(t.Context(), "job_1", nil); !errors.As(err, &failed) || !strings.Contains(err.Error(), "the campaign was deleted") {
		t.Errorf("%v: want the job's failure", err)
	}
}
