package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-faster/jx"

	"github.com/scrip-engine/scrip/client"
	"github.com/scrip-engine/scrip/wire"
)

// httpAdmin is a server's API.
type httpAdmin struct {
	*client.Client
	key  Credentials
	http *http.Client
}

// NewHTTPAdmin returns the API of a server at a URL. The caller calls close when
// it is no longer used.
func NewHTTPAdmin(base string, key Credentials) (_ Admin, close func(), err error) {
	c, err := client.New(client.Config{URL: base, AppID: key.AppID, AppToken: key.AppToken, UserAgent: "scrip-bench"})
	if err != nil {
		return nil, nil, err
	}
	a := &httpAdmin{Client: c, key: key, http: &http.Client{Transport: &http.Transport{DisableCompression: true}}}
	return a, func() { c.Close(); a.http.CloseIdleConnections() }, nil
}

func (a *httpAdmin) CreateCampaign(ctx context.Context, req *wire.CampaignCreate) error {
	_, err := a.Client.CreateCampaign(ctx, req)
	return err
}

func (a *httpAdmin) Import(ctx context.Context, campaign string, csv io.Reader) (*wire.AsyncResult, error) {
	job, err := a.ImportCSV(ctx, campaign, csv)
	return a.wait(ctx, job, err)
}

func (a *httpAdmin) Generate(ctx context.Context, campaign string, count int64) (*wire.AsyncResult, error) {
	job, err := a.Client.Generate(ctx, campaign, count, new(wire.GenerateRequest))
	return a.wait(ctx, job, err)
}

// wait looks more often than the client's own Wait, whose pauses would be the
// larger part of a small job.
func (a *httpAdmin) wait(ctx context.Context, job *wire.Accepted, err error) (*wire.AsyncResult, error) {
	if err != nil {
		return nil, err
	}
	return awaitJob(ctx, func() (*wire.AsyncAction, error) { return a.AsyncAction(ctx, job.AsyncActionID) })
}

func (a *httpAdmin) Redeem(ctx context.Context, key string, req *wire.RedeemRequest) (*wire.Redemption, error) {
	out, err := a.Client.Redeem(ctx, req, client.Key(key))
	if err != nil {
		return nil, err
	}
	return &out.Redemptions[0], nil
}

func (a *httpAdmin) Rollback(ctx context.Context, key, id string) error {
	_, err := a.Client.Rollback(ctx, id, nil, client.Key(key))
	return err
}

func (a *httpAdmin) Count(ctx context.Context, campaign string) (int64, error) {
	list, err := a.Redemptions(ctx, client.RedemptionQuery{Page: client.Page{Limit: 1}, Campaign: campaign})
	if err != nil {
		return 0, err
	}
	return list.Total, nil
}

func (a *httpAdmin) CountCodes(ctx context.Context, campaign string) (int64, error) {
	list, err := a.Vouchers(ctx, client.VoucherQuery{Page: client.Page{Limit: 1}, Campaign: campaign})
	if err != nil {
		return 0, err
	}
	return list.Total, nil
}

func (a *httpAdmin) SomeCode(ctx context.Context, campaign string) (code string, err error) {
	return code, awaitCount(ctx, 1, func() (int64, error) {
		list, err := a.Vouchers(ctx, client.VoucherQuery{Page: client.Page{Limit: 1}, Campaign: campaign})
		if err != nil || len(list.Data) == 0 {
			return 0, err
		}
		code = list.Data[0].Code
		return 1, nil
	})
}

// Uses reads a page with a parser of its own: a million redemptions are ten
// thousand pages, and of each element the audit needs five fields.
func (a *httpAdmin) Uses(ctx context.Context, campaign, cursor string, each func(Listed)) (string, error) {
	query := url.Values{"campaign": {campaign}, "limit": {strconv.Itoa(listPage)}}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL()+"/v1/redemptions?"+query.Encode(), nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("X-App-Id", a.key.AppID)
	req.Header.Set("X-App-Token", a.key.AppToken)
	res, err := a.http.Do(req)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, answerBytesMax))
	if closed := res.Body.Close(); err == nil {
		err = closed
	}
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %.200s", res.StatusCode, body)
	}
	if err != nil {
		return "", fmt.Errorf("list redemptions: %w", err)
	}
	return parseUses(body, each)
}

// parseUses reads a list of redemptions.
func parseUses(body []byte, each func(Listed)) (next string, err error) {
	err = jx.DecodeBytes(body).Obj(func(d *jx.Decoder, name string) error {
		switch name {
		case "next_cursor":
			next, err = d.Str()
			return err
		case wire.ListRedemptions:
			return d.Arr(func(d *jx.Decoder) error {
				var l Listed
				if err := l.decode(d); err != nil {
					return err
				}
				each(l)
				return nil
			})
		}
		return d.Skip()
	})
	if err != nil {
		return "", fmt.Errorf("list redemptions: %w", err)
	}
	return next, nil
}

func (l *Listed) decode(d *jx.Decoder) error {
	return d.ObjBytes(func(d *jx.Decoder, name []byte) (err error) {
		switch string(name) {
		case "id":
			l.ID, err = d.Str()
		case "object":
			var object string
			object, err = d.Str()
			l.Rollback = object == "redemption_rollback"
		case "status":
			l.Status, err = d.Str()
		case "amount":
			l.Amount, err = d.Int64()
		case "redemption":
			if d.Next() == jx.String {
				l.Of, err = d.Str()
				return err
			}
			return d.Skip()
		case "voucher":
			return d.ObjBytes(func(d *jx.Decoder, name []byte) (err error) {
				if string(name) == "code" {
					l.Code, err = d.Str()
					return err
				}
				return d.Skip()
			})
		default:
			return d.Skip()
		}
		return err
	})
}
