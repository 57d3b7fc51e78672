package coupon

// CodeRules is how a project reads codes. It is chosen when the project is made
// and never changes: every code's hash depends on it.
type CodeRules struct {
	// Version names the normalisation; CodeRulesVersion is the only one so far.
	Version uint8
	// Fold makes letter case irrelevant, the default of new projects.
	Fold bool
}

// CodeRulesVersion is normalisation 1: valid UTF-8 → trim White_Space → NFC →
// (Fold) full default case folding, not Turkic → NFC, all by the tables of
// Unicode in unicode_tables.go, whatever the Go version.
const CodeRulesVersion = 1

// DefaultCodeRules are those of a project that says nothing.
func DefaultCodeRules() CodeRules { return CodeRules{Version: CodeRulesVersion, Fold: true} }

// Code is a code in its two forms.
type Code struct {
	Issued string // as it is shown: trimmed and NFC, letter case kept
	Folded string // as it is compared and hashed
}

// Parse normalises what somebody typed. The error is always a *CodeError.
// Normalising again changes nothing: Parse(c.Issued) and Parse(c.Folded) have
// the same Folded.
func (r CodeRules) Parse(raw string) (Code, error) {
	if r.Version != CodeRulesVersion {
		return Code{}, codeErrors[CodeRulesUnknown]
	}
	if text, plain := trimASCII(raw); plain {
		if err := checkASCII(text); err != nil {
			return Code{}, err
		}
		return Code{Issued: text, Folded: r.foldASCII(text)}, nil
	}
	return r.parseUnicode(raw)
}

// ParseNew is Parse for a code that is about to be issued: it also refuses the
// words that the API uses in the place of a code.
func (r CodeRules) ParseNew(raw string) (Code, error) {
	code, err := r.Parse(raw)
	if err != nil {
		return Code{}, err
	}
	if r.reserved(code.Folded) {
		return Code{}, codeErrors[CodeReserved]
	}
	return code, nil
}

// AppendFolded appends the folded form of raw to dst, which must not overlap it.
// This is the form for the hot path: for ASCII, and with room in dst, nothing is
// allocated and no table is read. On an error dst comes back as it was.
func (r CodeRules) AppendFolded(dst, raw []byte) ([]byte, error) {
	if r.Version != CodeRulesVersion {
		return dst, codeErrors[CodeRulesUnknown]
	}
	text, plain := trimASCII(raw)
	if !plain {
		code, err := r.parseUnicode(string(raw))
		if err != nil {
			return dst, err
		}
		return append(dst, code.Folded...), nil
	}
	if err := checkASCII(text); err != nil {
		return dst, err
	}
	start := len(dst)
	dst = append(dst, text...)
	if r.Fold {
		lowerASCII(dst[start:])
	}
	return dst, nil
}

// text is what both forms of a code's bytes share.
type text interface{ ~string | ~[]byte }

// trimASCII cuts white space of ASCII from both ends. It reports false when a
// byte above ASCII is met: then the tables have to say what it is.
func trimASCII[T text](raw T) (T, bool) {
	for i := range len(raw) {
		if raw[i] >= 0x80 {
			return raw, false
		}
	}
	start, end := 0, len(raw)
	for start < end && isSpaceASCII(raw[start]) {
		start++
	}
	for end > start && isSpaceASCII(raw[end-1]) {
		end--
	}
	return raw[start:end], true
}

// checkASCII refuses trimmed ASCII that is no code, for the same reason for which
// parseUnicode would.
func checkASCII[T text](text T) error {
	if len(text) == 0 {
		return codeErrors[CodeEmpty]
	}
	if len(text) > codePointsTyped {
		return codeErrors[CodeTooLong]
	}
	for i := range len(text) {
		if text[i] < 0x20 || text[i] == 0x7f {
			return codeErrors[CodeControl]
		}
	}
	if len(text) > CodePointsMax {
		return codeErrors[CodeTooLong]
	}
	return nil
}

// foldASCII gives back text itself when there is nothing to fold.
func (r CodeRules) foldASCII(text string) string {
	if !r.Fold {
		return text
	}
	for i := range len(text) {
		if text[i] >= 'A' && text[i] <= 'Z' {
			folded := []byte(text)
			lowerASCII(folded)
			return string(folded)
		}
	}
	return text
}

func lowerASCII(b []byte) {
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + ('a' - 'A')
		}
	}
}

// isSpaceASCII is White_Space below 0x80: tab to carriage return, and space.
func isSpaceASCII(c byte) bool { return c == ' ' || (c >= 0x09 && c <= 0x0d) }

// reserved reports the words that stand where a code stands in a path: a code of
// that text could be issued but never be reached. A path of one or two dots does
// not survive the clients that tidy up addresses.
func (r CodeRules) reserved(folded string) bool {
	switch folded {
	case "import", "importCSV", "bulk", "metadata", "qualification", ".", "..":
		return true
	case "importcsv":
		return r.Fold
	}
	return false
}
