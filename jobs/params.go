package jobs

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/scrip-engine/scrip/catalog"
	"github.com/scrip-engine/scrip/coupon"
	"github.com/scrip-engine/scrip/wire"
)

// Formats of an imported file.
const (
	FormatCSV  = "csv"
	FormatJSON = "json"
)

// GenerateParams are the parameters of a job of kind wire.AsyncGenerate, as JSON
// in catalog.NewJob.Params. The file format is for ever: fields are only added.
type GenerateParams struct {
	// Count is how many codes to make; NewJob.Total says the same.
	Count int64 `json:"count"`
	// CodeConfig is complete: what the request left open was taken from the
	// campaign.
	CodeConfig CodeConfig `json:"code_config"`
	// Voucher is what the request says of the codes; its CodeConfig is not used.
	Voucher wire.GenerateRequest `json:"voucher,omitzero"`
}

// CodeConfig is coupon.CodeConfig as the catalog keeps it. The two convert into
// each other.
type CodeConfig struct {
	Length  int    `json:"length,omitempty"`
	Charset string `json:"charset,omitempty"`
	Prefix  string `json:"prefix,omitempty"`
	Postfix string `json:"postfix,omitempty"`
	Pattern string `json:"pattern,omitempty"`
}

// ImportParams are the parameters of a job of kind wire.AsyncCampaignImport or
// wire.AsyncVoucherImport.
type ImportParams struct {
	Format string `json:"format"` // FormatCSV or FormatJSON
}

// Encode returns what NewJob.Params takes.
func (p *GenerateParams) Encode() (json.RawMessage, error) { return encodeParams(p) }

// Encode returns what NewJob.Params takes.
func (p *ImportParams) Encode() (json.RawMessage, error) { return encodeParams(p) }

func encodeParams(p any) (json.RawMessage, error) {
	b, err := json.Marshal(p)
	if err == nil && len(b) > catalog.RawBytesMax {
		err = fmt.Errorf("job parameters of %d bytes are above %d", len(b), catalog.RawBytesMax)
	}
	return b, err
}

// decodeParams refuses fields that it does not know: a later version put them
// there, and to leave them out would make other codes than were asked for.
func decodeParams(raw json.RawMessage, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return failf(wire.KeyInternalError, "the job's parameters cannot be read: %v", err)
	}
	return nil
}

// row is what all codes of the job say of themselves.
func (p *GenerateParams) row() *wire.VoucherImport {
	v := &p.Voucher
	return &wire.VoucherImport{
		Category: v.Category, Gift: v.Gift, Redemption: v.Redemption, StartDate: v.StartDate,
		ExpirationDate: v.ExpirationDate, Active: v.Active, AdditionalInfo: v.AdditionalInfo,
		Metadata: v.Metadata, HolderID: v.HolderID,
	}
}

func rulesOf(p *catalog.Project) coupon.CodeRules {
	return coupon.CodeRules{Version: p.CodeVersion, Fold: !p.CaseSensitive}
}
