package main

import (
	"bytes"
	"os"
	"testing"
)

// Without it a regression would pass.
func TestCompare(t *testing.T) {
	was := row{allocs: 2, bytes: 600, instructions: 1000}
	for _, c := range []struct {
		name  string
		got   row
		worse bool
	}{
		{"the same", was, false},
		{"better", row{allocs: 1, bytes: 500, instructions: 900}, false},
		{"one allocation more", row{allocs: 3, bytes: 600, instructions: 1000}, true},
		{"larger ones", row{allocs: 2, bytes: 760, instructions: 1000}, true},
		{"more work", row{allocs: 2, bytes: 600, instructions: 1101}, true},
		{"not counted here", row{allocs: 2, bytes: 600}, false},
	} {
		if got := was.compare(&c.got); (got != "") != c.worse {
			t.Errorf("%s: %q", c.name, got)
		}
	}
	uncounted := row{allocs: 2, bytes: 600}
	if got := uncounted.compare(&row{allocs: 2, bytes: 600, instructions: 1e9}); got != "" {
		t.Errorf("nothing was recorded to compare with: %q", got)
	}
}

func TestReadsWhatGoPrints(t *testing.T) {
	r := row{name: "BenchmarkStageRender"}
	if err := r.read([]byte("goos: linux\nBenchmarkStageRender-2   \t   20000\t      1910 ns/op\t     629 B/op\t       2 allocs/op\nPASS\n")); err == nil {
		t.Error("another name was taken") // under GOMAXPROCS=1 there is no suffix
	}
	if err := r.read([]byte("BenchmarkStageRender   \t   20000\t      1910 ns/op\t     629 B/op\t       2 allocs/op\n")); err != nil || r.bytes != 629 || r.allocs != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	if n, err := instructions([]byte("some noise\n123456,,instructions:u,1000,100.00,,\n")); err != nil || n != 123456 {
		t.Errorf("%v, %v", n, err)
	}
	if _, err := instructions([]byte("<not supported>,,instructions:u,0,100.00,,\n")); err == nil {
		t.Error("a counter that is not there counts")
	}
}

func TestRecordedIsReadable(t *testing.T) {
	text, err := os.ReadFile("recorded.txt")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := parseRecorded(text)
	if err != nil || len(rows) == 0 {
		t.Fatal(rows, err)
	}
	var again bytes.Buffer
	for i := range rows {
		rows[i].write(&again)
	}
	if !bytes.Equal(again.Bytes(), text) {
		t.Errorf("recorded.txt is not as -record writes it:\n%s", again.Bytes())
	}
	if _, err := parseRecorded([]byte("engine BenchmarkX 1 2 3\n")); err == nil {
		t.Error("a line with a field missing was read")
	}
}
