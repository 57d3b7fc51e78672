package client

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Config says where the server is and who asks.
type Config struct {
	// URL is the server's address, such as http://127.0.0.1:8080. A trailing
	// slash or /v1 is accepted.
	URL string
	// AppID and AppToken are a server key.
	AppID, AppToken string
	// Retry bounds what is tried again; the zero value means DefaultRetry.
	Retry Retry
	// HTTP carries the requests; nil means a client of this package's own that
	// keeps connections open. A given one must not set Timeout, which would end
	// event streams; calls have their own deadlines.
	HTTP *http.Client
	// UserAgent names the program; empty means "scrip-go".
	UserAgent string
}

// Client asks one server. Create it with New.
type Client struct {
	base      string // without a trailing slash, without /v1
	appID     string
	appToken  string
	userAgent string
	retry     Retry
	http      *http.Client
	chance    func(n int64) int64 // in [0, n), for the jitter
}

// New returns a client. It connects to nothing yet.
func New(cfg Config) (*Client, error) {
	base, err := baseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	if (cfg.AppID == "") != (cfg.AppToken == "") {
		return nil, errors.New("client: an app id and an app token come together")
	}
	retry := cfg.Retry.withDefaults()
	c := &Client{
		base: base, appID: cfg.AppID, appToken: cfg.AppToken, userAgent: cfg.UserAgent,
		retry: retry, http: cfg.HTTP, chance: chance,
	}
	if c.userAgent == "" {
		c.userAgent = "scrip-go"
	}
	if c.http == nil {
		c.http = &http.Client{Transport: newTransport()}
	}
	if c.http.CheckRedirect == nil {
		own := *c.http
		own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		c.http = &own
	}
	return c, nil
}

// Close closes connections that are idle. Calls under way go on.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// URL returns the server's address without /v1.
func (c *Client) URL() string { return c.base }

func baseURL(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", fmt.Errorf("client: address: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return "", fmt.Errorf("client: address %q is not of the form http://host:port", text)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("client: address of %s has more than scheme, host, port and path", u.Host)
	}
	path := strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), "/v1")
	return u.Scheme + "://" + u.Host + strings.TrimSuffix(path, "/"), nil
}

func newTransport() *http.Transport {
	dialer := net.Dialer{Timeout: connectTimeout}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		ForceAttemptHTTP2:   true,
		MaxIdleConns:        idleConnsMax,
		MaxIdleConnsPerHost: idleConnsMax,
		IdleConnTimeout:     idleConnTimeout,
		TLSHandshakeTimeout: connectTimeout,
		DisableCompression:  true, // answers are small, and the time goes into the log
	}
}

// Option changes one call.
type Option func(*call)

// Key sets the idempotency key of a change: 1 to 255 characters. The same key
// with the same request gives the same outcome for at least 24 hours. Reads
// ignore it.
func Key(key string) Option { return func(q *call) { q.key = key } }

// Minimal asks for answers with only ids, code, result, status, amounts and key,
// where the server has such a form: redeem, validate, batch.
func Minimal() Option { return func(q *call) { q.minimal = true } }
