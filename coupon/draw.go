package coupon

import (
	"fmt"
	"io"
)

// drawRoundsMax bounds the rounds of rejection in one draw. Each leaves less
// than half of what was open, so a real source has never needed more than a
// dozen; one that always returns the same byte ends here.
const drawRoundsMax = 64

// Draw appends one code of the pattern to dst. random must be crypto/rand's
// reader wherever codes are worth money. A character is taken from a byte only
// below the largest multiple of the charset's size, so each is equally likely:
// a plain remainder would favour the first ones.
//
// The code may exist already or be a reserved word: the caller passes it through
// ParseNew and draws again. On an error dst comes back as it was.
func (p *CodePattern) Draw(random io.Reader, dst []byte) ([]byte, error) {
	drawn, err := p.drawCharacters(random)
	if err != nil {
		return dst, err
	}
	for i, c := range drawn {
		dst = append(dst, p.literals[i]...)
		dst = append(dst, c)
	}
	return append(dst, p.literals[len(drawn)]...), nil
}

// drawCharacters draws the random characters alone.
func (p *CodePattern) drawCharacters(random io.Reader) ([]byte, error) {
	size := len(p.charset)
	limit := 256 - 256%size
	drawn := make([]byte, 0, p.Random())
	pool := make([]byte, p.Random())
	for round := 0; len(drawn) < p.Random(); round++ {
		if round == drawRoundsMax {
			return nil, fmt.Errorf("draw a code: %w: %d rounds without enough characters", ErrRandomSource, round)
		}
		open := pool[:p.Random()-len(drawn)]
		if _, err := io.ReadFull(random, open); err != nil {
			return nil, fmt.Errorf("draw a code: %w: %w", ErrRandomSource, err)
		}
		for _, b := range open {
			if int(b) < limit {
				drawn = append(drawn, p.charset[int(b)%size])
			}
		}
	}
	return drawn, nil
}
