package jobs

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// Without this a bad row could stop the rows after it, be left out of the counts,
// or be told with another reason than its own.
func TestImportTellsEachBadRow(t *testing.T) {
	for _, shards := range []int{1, 3} {
		c := newCity(t, shards)
		fs := vfs.NewMem()
		r := c.runner(fs, smallChunks)
		job := c.importJob(r, FormatCSV, "\xef\xbb\xbfCode,Holder ID,Redemption Quantity,colour\r\n"+
			"GOOD-1,,,red\r\n"+ // 1
			",,,\r\n"+ // 2 no code
			"GOOD-2,ada,3,\r\n"+ // 3
			"good-1,,,\r\n"+ // 4 the first again, in other letters
			"GOOD-3,nobody,,\r\n"+ // 5 a holder that is none
			"import,,,\r\n"+ // 6 a reserved word
			"GOOD-4,,null,\r\n"+ // 7 refused when it is compiled
			"GOOD-5,,many,\r\n"+ // 8 no number
			"GOOD-6,,,,,\r\n"+ // 9 too many cells
			"BAD\x01,,,\r\n"+ // 10 no code
			"\"GOOD-7\"x,,,\r\n"+ // 11 a quote
			"GOOD-8,,,\"two\nlines\"\r\n") // 12
		r.Wake()
		f := c.finish()
		if f.Status != catalog.JobDone || f.Total != 12 || f.Created != 3 || f.Failed != 9 {
			t.Fatalf("%+v", f)
		}
		want := map[int64]string{
			2: wire.KeyInvalidPayload, 4: wire.KeyDuplicateFound, 5: wire.KeyResourceNotFound, 6: wire.KeyInvalidCode,
			7: wire.KeyInvalidVoucher, 8: wire.KeyInvalidPayload, 9: wire.KeyInvalidPayload, 10: wire.KeyInvalidCode,
			11: wire.KeyInvalidPayload,
		}
		if got := rejectsOf(t, r, job); !maps.Equal(got, want) {
			t.Errorf("%d shards: rejects %v, want %v", shards, got, want)
		}
		for i, x := range f.Failures {
			if want[x.Row] != x.Reason || i > 0 && f.Failures[i-1].Row >= x.Row {
				t.Errorf("%d shards: sample %v", shards, f.Failures)
			}
		}
		v := c.look("good-2").View
		if !v.Found || v.Holder == (coupon.ID{}) || v.Limit != 3 || string(v.Code) != "GOOD-2" {
			t.Errorf("%d shards: %+v", shards, v)
		}
		if l := c.look("GOOD-8"); !contains(l.View.Metadata, `two\nlines`) || c.look("GOOD-3").View.Found {
			t.Errorf("%d shards: %s", shards, l.View.Metadata)
		}
		r.Close()
		if got := spooled(t, fs); got != rejectsName(job) {
			t.Errorf("%d shards: the spool has %q", shards, got)
		}
	}
}

// Without this a file that is sent twice would make its codes twice, or end in an
// error instead of saying row by row that they exist.
func TestTheSameFileAgainCreatesNothing(t *testing.T) {
	c := newCity(t, 2)
	r := c.runner(vfs.NewMem(), nil)
	defer r.Close()
	r.Wake()
	var rows []string
	for i := range 2500 {
		rows = append(rows, fmt.Sprintf("CODE-%d,", i))
	}
	file := csvOf(rows...)
	c.importJob(r, FormatCSV, file)
	r.Wake()
	if f := c.finish(); f.Status != catalog.JobDone || f.Created != 2500 || f.Failed != 0 {
		t.Fatalf("first: %+v", f)
	}
	second := c.importJob(r, FormatCSV, file)
	r.Wake()
	f := c.finish()
	if f.Status != catalog.JobDone || f.Created != 0 || f.Failed != 2500 || len(f.Failures) != catalog.FailuresMax {
		t.Fatalf("second: created %d, failed %d, %d in the sample", f.Created, f.Failed, len(f.Failures))
	}
	if f.Failures[0] != (catalog.Failure{Row: 1, Code: "CODE-0", Reason: wire.KeyDuplicateFound}) {
		t.Errorf("sample begins with %+v", f.Failures[0])
	}
	if got := rejectsOf(t, r, second); len(got) != 2500 {
		t.Errorf("%d rejects listed", len(got))
	}
}

// Without this the items of a JSON list would be read by other rules than those of
// a CSV file, or an item that failed would take the list with it.
func TestImportJSON(t *testing.T) {
	c := newCity(t, 1)
	r := c.runner(vfs.NewMem(), smallChunks)
	defer r.Close()
	items := `[{"code":"A-1","metadata":{"colour":"red"},"discount":{"type":"UNIT","unit_off":1,"product":{"id":"p","metadata":{"x":1}}}},` +
		`{"code":7},{"code":"A-2","holder_id":"ada","gift":{"amount":5},"code_config":{"length":3}},{},{"code":"A-1"}`
	for i := range 20 {
		items += fmt.Sprintf(`,{"code":"B-%d","metadata":{"n":%d}}`, i, i)
	}
	job := c.importJob(r, FormatJSON, items+"]")
	r.Wake()
	f := c.finish()
	if f.Status != catalog.JobDone || f.Total != 25 || f.Created != 22 {
		t.Fatalf("%+v", f)
	}
	want := map[int64]string{2: wire.KeyInvalidPayload, 4: wire.KeyInvalidCode, 5: wire.KeyDuplicateFound}
	if got := rejectsOf(t, r, job); !maps.Equal(got, want) {
		t.Errorf("rejects %v, want %v", got, want)
	}
	for i := range 20 {
		if l := c.look(fmt.Sprintf("B-%d", i)); string(l.View.Metadata) != fmt.Sprintf(`{"n":%d}`, i) {
			t.Errorf("B-%d has the metadata %s", i, l.View.Metadata)
		}
	}
}

// Without this a job whose input is not what was acknowledged would import it all
// the same, or wait for ever.
func TestImportOfWhatIsNotThere(t *testing.T) {
	fails := func(name, format, file, want string, harm func(fs vfs.FS, path string)) {
		t.Helper()
		c := newCity(t, 1)
		fs := vfs.NewMem()
		r := c.runner(fs, nil)
		defer r.Close()
		job := c.importJob(r, format, file)
		if harm != nil {
			harm(fs, r.path(c.Job(job).Spool))
		}
		r.Wake()
		f := c.finish()
		if f.Status != catalog.JobFailed || f.Created != 0 || !strings.Contains(f.Error, want) || len(f.Failures) == 0 {
			t.Errorf("%s: %+v, want %q", name, f, want)
		}
		if c.issued() != 0 {
			t.Errorf("%s: %d codes were made", name, c.issued())
		}
	}
	change := func(fs vfs.FS, path string) {
		f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte("code\nFORGED\n")); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	fails("missing", FormatCSV, csvOf("A"), "missing", func(fs vfs.FS, path string) {
		if err := fs.Remove(path); err != nil {
			t.Fatal(err)
		}
	})
	fails("another digest", FormatCSV, csvOf("A"), "digest", change)
	fails("empty", FormatCSV, "", "empty", nil)
	fails("no code column", FormatCSV, "a,b\n1,2\n", "no column named code", nil)
	fails("no list", FormatJSON, `{"code":"A"}`, "a list", nil)
	fails("half a list", FormatJSON, `[{"code":"A"},`, wire.KeyInvalidPayload, nil)
	fails("no such format", "xml", "<a/>", "xml", nil)
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

// Without this a JSON file, which is held in memory, could take all of it (P10).
func TestJSONIsBounded(t *testing.T) {
	var why *failure
	if _, err := readBounded(endless{}); !errors.As(err, &why) || why.key != wire.KeyPayloadTooLarge {
		t.Errorf("above the bound: %v", err)
	}
	if b, err := readBounded(io.LimitReader(endless{}, JSONBytesMax)); err != nil || len(b) != JSONBytesMax {
		t.Errorf("at the bound: %v", err)
	}
}

// Without this a header without rows would be an error, or a job without end.
func TestImportOfNoRows(t *testing.T) {
	c := newCity(t, 1)
	r := c.runner(vfs.NewMem(), nil)
	defer r.Close()
	c.importJob(r, FormatCSV, "code\n")
	r.Wake()
	if f := c.finish(); f.Status != catalog.JobDone || f.Total != 0 {
		t.Fatalf("%+v", f)
	}
}

// Without this a chunk could be larger than the log takes, or than redemptions can
// wait for (J5), and a row could be lost where one chunk ends.
func TestChunksStayWithinTheirBounds(t *testing.T) {
	c := newCity(t, 2)
	r := c.runner(vfs.NewMem(), nil)
	defer r.Close()
	var b strings.Builder
	b.WriteString("code,category,additional_info,note\n")
	const rows = 3000
	for i := range rows {
		// From nothing but a code to a kilobyte beside it.
		fmt.Fprintf(&b, "%d-%s,%s,%s,%s\n", i, strings.Repeat("X", i%100), strings.Repeat("c", i%7*20), strings.Repeat("i", i%11*50), strings.Repeat("\"\"", i%5*0)+strings.Repeat("n", i%13*40))
	}
	c.importJob(r, FormatCSV, b.String())
	r.Wake()
	if f := c.finish(); f.Created != rows || f.Status != catalog.JobDone {
		t.Fatalf("%+v", f)
	}
	if c.bytes > coupon.ImportChunkBytesMax || c.bytes < coupon.ImportChunkBytesMax/2 {
		t.Errorf("the largest command has %d bytes", c.bytes)
	}
	for s := range c.chunks {
		for _, n := range c.chunks[s] {
			if n > coupon.ImportChunkCodesMax {
				t.Errorf("a chunk of %d codes", n)
			}
		}
	}
}

// Without this the cut would follow what a row compiles to, which can be more than
// the bound that it is cut by.
func TestPlacedBytesBoundWhatIsEncoded(t *testing.T) {
	long := strings.Repeat("x", 300)
	p := placed{issued: long, item: &wire.VoucherImport{
		Metadata: wire.Raw(long), AdditionalInfo: long, Category: long,
		Discount: &wire.Discount{UnitType: long, Product: wire.ItemProduct{ID: long, SourceID: long, Name: long}, SKU: wire.ItemProduct{ID: long}}}}
	full := shard.Spec{
		Mask: shard.SpecLimit | shard.SpecPerCustomer | shard.SpecGift | shard.SpecFrom | shard.SpecUntil | shard.SpecHolder |
			shard.SpecDiscount | shard.SpecMetadata | shard.SpecInfo | shard.SpecCategory | shard.SpecDisabled,
		Limit: 1 << 62, PerCustomer: 1 << 62, Gift: 1 << 62, Metadata: []byte(long), Info: []byte(long), Category: []byte(long),
		// A discount of promo: numbers, and the texts with their lengths.
		Discount: make([]byte, 40+5*300),
	}
	q := &shard.Import{}
	empty := len(shard.AppendImport(nil, q))
	q.Codes = []shard.NewCode{{Issued: []byte(p.issued), Spec: full}}
	if got, most := len(shard.AppendImport(nil, q))-empty, placedBytes(&p); got > most {
		t.Fatalf("%d bytes, bounded by %d", got, most)
	}
}
