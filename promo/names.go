package promo

import "strings"

// kindNames is indexed by Kind; index 0 is no kind.
var kindNames = [...]string{Amount: "AMOUNT", Percent: "PERCENT", Fixed: "FIXED", Unit: "UNIT"}

// effectNames is indexed by Effect; index 0 is no effect.
var effectNames = [...]string{
	ApplyToOrder: "APPLY_TO_ORDER", AddNewItems: "ADD_NEW_ITEMS", AddMissingItems: "ADD_MISSING_ITEMS",
}

// laterEffects are effects of Voucherify that are known by name and not built.
var laterEffects = [...]string{
	"APPLY_TO_ITEMS", "APPLY_TO_ITEMS_PROPORTIONALLY", "APPLY_TO_ITEMS_BY_QUANTITY",
	"APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY", "APPLY_TO_CHEAPEST", "APPLY_TO_MOST_EXPENSIVE",
	"APPLY_TO_EVERY", "ADD_MANY_ITEMS",
}

// String gives the name that the API uses, or "UNKNOWN".
func (k Kind) String() string {
	if k >= Amount && int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "UNKNOWN"
}

// String gives the name that the API uses, or "UNKNOWN".
func (e Effect) String() string {
	if e >= ApplyToOrder && int(e) < len(effectNames) {
		return effectNames[e]
	}
	return "UNKNOWN"
}

// ParseKind reads the API's name of a kind. Its error is a *FieldError for
// "discount.type".
func ParseKind(name string) (Kind, error) {
	for k, known := range kindNames {
		if known != "" && known == name {
			return Kind(k), nil
		}
	}
	if name == "" {
		return 0, invalid("discount.type", "is required: AMOUNT, PERCENT, FIXED or UNIT")
	}
	return 0, unknownName("discount.type", "is not a type of discount", name, kindNames[1:])
}

// ParseEffect reads the API's name of an effect. No name is the default of the
// kind: the whole order, and for Unit ADD_MISSING_ITEMS, which gives away the
// least. Its error is a *FieldError for "discount.effect".
func ParseEffect(name string, kind Kind) (Effect, error) {
	if name == "" {
		if kind == Unit {
			return AddMissingItems, nil
		}
		return ApplyToOrder, nil
	}
	for e, known := range effectNames {
		if known == name {
			return Effect(e), nil
		}
	}
	for _, known := range laterEffects {
		if known == name {
			return 0, notSupported("discount.effect", name+" is not supported yet")
		}
	}
	candidates := append(append([]string(nil), effectNames[1:]...), laterEffects[:]...)
	return 0, unknownName("discount.effect", "is not an effect", name, candidates)
}

// unknownName is the error for a name outside a list, with the nearest name of
// the list where one is near enough to be a slip of the hand.
func unknownName(field, message, name string, candidates []string) *FieldError {
	err := invalid(field, message)
	if len(name) > refBytesMax {
		return err // distances cost time in proportion to the length
	}
	best := len(name)/2 + 1 // further away than half the letters is another word
	for _, candidate := range candidates {
		if d := editDistance(strings.ToUpper(name), candidate); d < best {
			best, err.Suggestion = d, candidate
		}
	}
	return err
}

// editDistance is Levenshtein's distance in bytes, one row at a time.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
