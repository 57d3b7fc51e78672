package coupon

import (
	"math"
	"math/bits"
	"unicode/utf8"
)

// DefaultCharset has no characters that are taken for one another when read from
// paper: no 0 and O, no 1, I and L.
const DefaultCharset = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

// PatternMark stands for one random character in CodeConfig.Pattern.
const PatternMark = '#'

// CodeConfig is how generated codes look, as a request says it. Zero values mean
// the default. Pattern, when given, overrides Length; Prefix and Postfix stand
// around either.
type CodeConfig struct {
	Length  int    // random characters, without prefix and postfix
	Charset string // printable ASCII without space; characters equal under the rules count once
	Prefix  string
	Postfix string
	Pattern string // PatternMark is a random character, all else stands for itself
}

// CodePattern is a CodeConfig that was checked against a project's rules. It is
// immutable and safe for concurrent use.
type CodePattern struct {
	charset  string   // distinct under the rules, at least two
	literals []string // literals[i] stands before the i-th random character, the last one at the end
}

// Compile checks a configuration. The error is always a *PatternError. Every
// code that the result draws parses under rules to exactly itself, and two draws
// are equal as codes only when they are equal as texts.
func (c CodeConfig) Compile(rules CodeRules) (*CodePattern, error) {
	charset, err := compileCharset(c.Charset, rules)
	if err != nil {
		return nil, err
	}
	template, err := c.template()
	if err != nil {
		return nil, err
	}
	p := &CodePattern{charset: charset}
	if p.literals, err = compileLiterals(template, rules); err != nil {
		return nil, err
	}
	if err := p.checkShape(rules); err != nil {
		return nil, err
	}
	return p, nil
}

// patternPiece is a stretch of the template with the field it came from.
type patternPiece struct {
	field  string
	text   string
	random int // random characters after the text
}

// template joins the fields, in order.
func (c CodeConfig) template() ([]patternPiece, error) {
	pieces := []patternPiece{{field: fieldPrefix, text: c.Prefix}}
	if c.Pattern == "" {
		length := c.Length
		if length == 0 {
			length = PatternLengthDefault
		}
		if length < 0 || length > CodePointsMax {
			return nil, &PatternError{fieldLength, "must be from 1 to 128"}
		}
		pieces[0].random = length
		return append(pieces, patternPiece{field: fieldPostfix, text: c.Postfix}), nil
	}
	if len(c.Pattern) > CodeBytesMax {
		return nil, &PatternError{fieldPattern, "is longer than a code"}
	}
	start := 0
	for i := range len(c.Pattern) {
		if c.Pattern[i] == PatternMark {
			pieces = append(pieces, patternPiece{field: fieldPattern, text: c.Pattern[start:i], random: 1})
			start = i + 1
		}
	}
	if start == 0 {
		return nil, &PatternError{fieldPattern, "has no # that stands for a random character"}
	}
	return append(pieces,
		patternPiece{field: fieldPattern, text: c.Pattern[start:]},
		patternPiece{field: fieldPostfix, text: c.Postfix}), nil
}

// compileCharset keeps one of the characters that are equal under the rules:
// drawing both would make some codes likelier than others.
func compileCharset(charset string, rules CodeRules) (string, error) {
	if charset == "" {
		charset = DefaultCharset
	}
	var seen [utf8.RuneSelf]bool
	var distinct []byte
	for i := range len(charset) {
		c := charset[i]
		if c <= ' ' || c >= 0x7f {
			return "", &PatternError{fieldCharset, "may only have printable ASCII characters without space"}
		}
		if folded := rules.foldASCII(charset[i : i+1])[0]; !seen[folded] {
			seen[folded] = true
			distinct = append(distinct, c)
		}
	}
	if len(distinct) < 2 {
		return "", &PatternError{fieldCharset, "needs at least two characters that the project tells apart"}
	}
	return string(distinct), nil
}

// compileLiterals gathers what stands between the random characters. A literal
// that follows a random character may not begin with a combining mark: the mark
// would join the character, and the code would be of another length or form.
func compileLiterals(template []patternPiece, rules CodeRules) ([]string, error) {
	var literals []string
	pending := ""
	for _, piece := range template {
		first, _ := utf8.DecodeRuneInString(piece.text)
		if pending == "" && len(literals) > 0 && piece.text != "" && combiningClass(first) != 0 {
			return nil, &PatternError{piece.field, "begins with a combining mark"}
		}
		pending += piece.text
		if len(pending) > CodeBytesMax {
			return nil, &PatternError{piece.field, "makes the code longer than a code may be"}
		}
		for range piece.random {
			literals = append(literals, pending)
			pending = ""
		}
	}
	literals = append(literals, pending)
	for i, literal := range literals {
		if utf8.ValidString(literal) {
			literals[i] = string(nfc([]rune(literal)))
		}
	}
	return literals, nil
}

// checkShape parses one code of the pattern. All others have the same literals
// and, in place of one ASCII character, another, so they parse as this one does.
func (p *CodePattern) checkShape(rules CodeRules) error {
	sample := ""
	for i, literal := range p.literals {
		sample += literal
		if i < p.Random() {
			sample += p.charset[:1]
		}
	}
	code, err := rules.Parse(sample)
	if err != nil {
		return &PatternError{fieldPattern, "makes no valid code: " + err.Error()}
	}
	if code.Issued != sample {
		return &PatternError{fieldPattern, "begins or ends with white space, which codes do not keep"}
	}
	return nil
}

// Random is the number of random characters in a code.
func (p *CodePattern) Random() int { return len(p.literals) - 1 }

// Charset is what the random characters are drawn from.
func (p *CodePattern) Charset() string { return p.charset }

// Bits is the size of the space as a power of two.
func (p *CodePattern) Bits() float64 {
	return float64(p.Random()) * math.Log2(float64(len(p.charset)))
}

// Space is how many codes the pattern can make, and false when that is above
// 64 bits; the number is then the largest there is.
func (p *CodePattern) Space() (uint64, bool) {
	space := uint64(1)
	for range p.Random() {
		hi, lo := bits.Mul64(space, uint64(len(p.charset)))
		if hi != 0 {
			return math.MaxUint64, false
		}
		space = lo
	}
	return space, true
}

// SafeCount is how many codes the pattern may make at most: one in SafeShare.
func (p *CodePattern) SafeCount() uint64 {
	space, _ := p.Space()
	return space / SafeShare
}

// CheckCount refuses more codes than SafeCount with a *PatternError. count is
// what exists of the pattern already plus what is asked for.
func (p *CodePattern) CheckCount(count uint64) error {
	if safe := p.SafeCount(); count > safe {
		return crowdedError(count, safe)
	}
	return nil
}
