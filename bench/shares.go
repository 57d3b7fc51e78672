package bench

import "fmt"

// ParseShares reads the shares of the mixed scenario by kind. An empty map means
// the scenario's own.
func ParseShares(in map[string]float64) (out [kinds]float64, err error) {
	for name, share := range in { // order: each sets its own element
		found := false
		for k, have := range kindNames {
			if have == name && share >= 0 {
				out[k], found = share, true
			}
		}
		if !found {
			return out, fmt.Errorf("%s=%g: no share of a kind", name, share)
		}
	}
	return out, nil
}
