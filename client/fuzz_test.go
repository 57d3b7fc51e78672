package client

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// Without this a server, or what pretends to be one, makes the client panic or
// grow with a stream of events.
func FuzzReadEvents(f *testing.F) {
	for _, seed := range []string{
		"", "\n", ": comment\n\n", "id: c1\n\n", eventText("c1"), strings.ReplaceAll(eventText("c1"), "\n", "\r\n"),
		"data\n\n", "data:\n\n", "data: a\ndata: b\nid\n\n", "data: cut off", ":\n:\n\n\ndata: {}\n\n", "id: c1\nid: c2\n\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		read := func(in io.Reader) (events []string, err error) {
			err = readEvents(in, func(id string, data []byte) error {
				if len(data) > eventLineBytesMax || len(id) > eventLineBytesMax || strings.ContainsAny(id, "\n") {
					t.Errorf("id of %d bytes, data of %d", len(id), len(data))
				}
				events = append(events, id+"|"+string(data))
				return nil
			})
			return events, err
		}
		whole, err := read(bytes.NewReader(stream))
		if len(whole) > bytes.Count(stream, []byte("\n")) {
			t.Errorf("%d events from %q", len(whole), stream)
		}
		pieces, errInPieces := read(iotest.OneByteReader(bytes.NewReader(stream)))
		if !slices.Equal(whole, pieces) || (err == nil) != (errInPieces == nil) {
			t.Errorf("whole %q, %v; byte by byte %q, %v", whole, err, pieces, errInPieces)
		}
	})
}
