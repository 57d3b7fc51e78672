package bench

// CodeChars is the length of every code: 60 bits in base 32.
const CodeChars = 12

const (
	codeAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	halfBits     = 30
	halfMask     = 1<<halfBits - 1
	// feistelRounds: four make the result of a good round function
	// indistinguishable from chance (Luby and Rackoff, 1988). Codes here need only
	// look unordered and be unique.
	feistelRounds = 4
)

// Codes turns indexes into codes and back, without storing any: a keyed
// permutation of 60 bits. It is a plain value and safe for concurrent use.
type Codes struct{ keys [feistelRounds]uint64 }

// NewCodes returns the codes of a seed.
func NewCodes(seed uint64) Codes {
	var c Codes
	for i := range c.keys {
		seed = mix(seed + 0x9e3779b97f4a7c15)
		c.keys[i] = seed
	}
	return c
}

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Append appends the code of an index below 2^60.
func (c *Codes) Append(dst []byte, index uint64) []byte {
	left, right := index>>halfBits&halfMask, index&halfMask
	for _, key := range c.keys {
		left, right = right, left^mix(right^key)&halfMask
	}
	x := left<<halfBits | right
	for i := range CodeChars {
		dst = append(dst, codeAlphabet[x>>(5*(CodeChars-1-i))&31])
	}
	return dst
}

// Code returns the code of an index.
func (c *Codes) Code(index uint64) string { return string(c.Append(nil, index)) }

// Index returns the index of a code; false for what is none.
func (c *Codes) Index(code string) (uint64, bool) {
	if len(code) != CodeChars {
		return 0, false
	}
	var x uint64
	for i := range len(code) {
		digit := digitOf(code[i])
		if digit < 0 {
			return 0, false
		}
		x = x<<5 | uint64(digit)
	}
	left, right := x>>halfBits, x&halfMask
	for i := len(c.keys) - 1; i >= 0; i-- {
		left, right = right^mix(left^c.keys[i])&halfMask, left
	}
	return left<<halfBits | right, true
}

func digitOf(char byte) int {
	for i := range len(codeAlphabet) {
		if codeAlphabet[i] == char {
			return i
		}
	}
	return -1
}
