package httpapi

import (
	"net/url"

	"github.com/scrip-engine/scrip/wire"
)

// codeParam returns the {code} of the path. The router matches the path as it
// was sent, so that %2F is a slash within a code and never between segments;
// it is decoded here, exactly once, and '+' stays a plus.
func (x *exchange) codeParam() (string, error) {
	raw, _ := x.http.UserValue("code").(string)
	code, err := url.PathUnescape(raw)
	if err != nil {
		return "", refuseField(wire.KeyInvalidCode, "code", "The code in the path is not percent-encoded properly")
	}
	x.code = code
	return code, nil
}

// idParam returns the path's {…Id}: an id, a name or a source id.
func (x *exchange) idParam() (string, error) {
	raw, _ := x.http.UserValue(x.route.idName).(string)
	id, err := url.PathUnescape(raw)
	if err != nil {
		return "", refuse(wire.KeyNotFound, "The id in the path is not percent-encoded properly")
	}
	if len(id) > wire.TextBytesMax {
		return "", refuse(wire.KeyNotFound, "No id is that long")
	}
	return id, nil // a copy: the router makes one of what it matched (H1)
}
