package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/go-faster/jx"
)

// reader decodes one body. All decoders, the written-out ones and the generic
// one, go through it, so that a rule about JSON stands in one place.
type reader struct {
	d    jx.Decoder
	body []byte
}

// newReader checks what concerns the body as a whole and points r at it. An
// empty body counts as {}: the SDK sends none where all fields are optional.
func (r *reader) start(body []byte) *FieldError {
	if len(bytes.TrimLeft(body, " \t\r\n")) == 0 {
		body = emptyObject
	}
	r.body = body
	r.d.ResetBytes(body)
	if !utf8.Valid(body) {
		return fieldErr(KeyInvalidPayload, "", "the body is not valid UTF-8")
	}
	if bytes.Count(body, openBrace)+bytes.Count(body, openBracket) > DepthMax && tooDeep(body) {
		return fieldErr(KeyInvalidPayload, "", "the body is nested deeper than %d levels", DepthMax)
	}
	if bytes.Contains(body, unicodeEscape) && loneSurrogate(body) {
		return fieldErr(KeyInvalidPayload, "", "the body has half of a surrogate pair in a string")
	}
	return nil
}

var (
	emptyObject   = []byte("{}")
	openBrace     = []byte("{")
	openBracket   = []byte("[")
	unicodeEscape = []byte(`\u`)
)

// finish refuses what follows the value, and gives a syntax error its position.
func (r *reader) finish(err *FieldError) *FieldError {
	if err == nil {
		if r.d.Skip() == io.EOF {
			return nil
		}
		err = syntaxErr()
	}
	if err.syntax {
		err.Message = "is not valid JSON" + position(r.body)
		if err.Field == "" {
			err.Message = "the body " + err.Message
		}
	}
	return err
}

func syntaxErr() *FieldError {
	return &FieldError{Key: KeyInvalidPayload, Message: "is not valid JSON", syntax: true}
}

// position describes where the standard library finds the body malformed.
func position(body []byte) string {
	var raw json.RawMessage
	var bad *json.SyntaxError
	if !errors.As(json.Unmarshal(body, &raw), &bad) {
		return ""
	}
	before := body[:min(bad.Offset, int64(len(body)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n') - 1
	return fieldErr("", "", " (line %d, column %d: %v)", line, column, bad).Message
}

// tooDeep walks the brackets outside strings. It trusts nothing about the
// grammar: a malformed body is found out later.
func tooDeep(body []byte) bool {
	depth := 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '"':
			i = stringEnd(body, i)
		case '{', '[':
			if depth++; depth > DepthMax {
				return true
			}
		case '}', ']':
			depth--
		}
	}
	return false
}

// stringEnd returns the index of the quote that closes the string at i, or the
// end of the body.
func stringEnd(body []byte, i int) int {
	for i++; i < len(body) && body[i] != '"'; i++ {
		if body[i] == '\\' {
			i++
		}
	}
	return i
}

// loneSurrogate reports a \ud800–\udfff that is not half of a pair. Such a
// string has no UTF-8 form; the decoder below would put U+FFFD in its place and
// two different codes would become one.
func loneSurrogate(body []byte) bool {
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		unit, ok := escapedUnit(body[i:])
		if !ok {
			i++ // another escape, or malformed: skip the escaped byte
			continue
		}
		i += 5
		if unit < 0xd800 || unit > 0xdfff {
			continue
		}
		low, ok := escapedUnit(body[i+1:])
		if unit >= 0xdc00 || !ok || low < 0xdc00 || low > 0xdfff {
			return true
		}
		i += 6
	}
	return false
}

// escapedUnit reads the \uXXXX at the start of b.
func escapedUnit(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var unit rune
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			unit = unit<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			unit = unit<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return unit, true
}
