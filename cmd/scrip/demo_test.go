package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/scrip-engine/scrip/wire"
)

// Without this the binary carries an older example than the one that people
// read, or one that its own server refuses.
func TestDemoIsTheExample(t *testing.T) {
	for name, embedded := range map[string][]byte{"campaign.json": demoCampaign, "codes.csv": demoCodes} {
		example, err := os.ReadFile(filepath.Join("..", "..", "examples", "summer-sale", name))
		if err != nil || !bytes.Equal(example, embedded) {
			t.Errorf("%s differs (%v): go generate ./cmd/scrip", name, err)
		}
	}
	var campaign wire.CampaignCreate
	if err := wire.Decode(demoCampaign, &campaign); err != nil || campaign.Name == "" {
		t.Errorf("%+v, %v", campaign, err)
	}
	rows, err := wire.NewVoucherCSV(wire.NewCSVReader(bytes.NewReader(demoCodes)))
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]bool{}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if codes[row.Code] {
			t.Errorf("line %d: %s stands there twice", rows.Line(), row.Code)
		}
		codes[row.Code] = true
	}
	if len(codes) < 100 {
		t.Errorf("only %d codes", len(codes))
	}
}
