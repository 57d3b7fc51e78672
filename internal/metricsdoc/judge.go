package main

import (
	"fmt"
	"slices"
	"strings"
)

// finite are the labels that may be used, each with the set that its values come
// from (M3).
var finite = map[string]string{
	"class":     "classes of HTTP status, 1xx to 5xx",
	"group":     "`catalog` and `shard-0` to the last shard",
	"kind":      "kinds of jobs",
	"operation": "`redemption`, `validation`",
	"outcome":   "`succeeded`, `replayed` and the error keys ([errors/](errors/))",
	"route":     "names in the table of routes, and `other`",
	"shard":     "the shard's number, from 0",
	"stage":     "`evaluate`, `commit`, `reply`",
	"status":    "how a job ended: `done`, `failed`",
	"table":     "`codes`, `sides`, `customers`, `uses`, `journal`, `indexes`",
}

// dimensions are units with what a help text must say of them. The unit of every
// other family is the things that it counts: the last word of its name, which
// the help must say too (M4).
var dimensions = map[string]string{"seconds": "seconds", "bytes": "bytes", "ratio": "ratio"}

// judge returns what breaks M3 or M4.
func judge(families []family) (errs []error) {
	for _, f := range families {
		for _, label := range f.labels {
			if _, ok := finite[label]; !ok {
				errs = append(errs, fmt.Errorf("%s: the label %s is not of a known finite set (M3)", f.name, label))
			}
		}
		if !strings.HasPrefix(f.name, "scrip_") || strings.Count(f.name, "_") < 2 {
			errs = append(errs, fmt.Errorf("%s is not named scrip_<room>_<thing>_<unit>", f.name))
		}
		if counts := strings.HasSuffix(f.name, "_total"); counts != (f.kind == "counter") {
			errs = append(errs, fmt.Errorf("%s is a %s: counters end in _total, and nothing else does", f.name, f.kind))
		}
		if word := stem(unitWord(f.name)); !strings.Contains(strings.ToLower(f.help), word) {
			errs = append(errs, fmt.Errorf("%s: the help does not say %q: %s (M4)", f.name, word, f.help))
		}
		if !strings.HasSuffix(f.help, ".") {
			errs = append(errs, fmt.Errorf("%s: the help is no sentence: %s", f.name, f.help))
		}
	}
	return errs
}

// unitWord is the last word of a name, _total apart.
func unitWord(name string) string {
	name = strings.TrimSuffix(name, "_total")
	return name[strings.LastIndexByte(name, '_')+1:]
}

// stem lets a help say one failure of what its name counts as failures.
func stem(word string) string {
	if _, ok := dimensions[word]; ok {
		return word
	}
	return strings.TrimSuffix(word, "s")
}

// unit is what the page shows.
func unit(name string) string {
	if u, ok := dimensions[unitWord(name)]; ok {
		return u
	}
	return "count"
}

// labelNames returns the labels that any family uses, sorted.
func labelNames(families []family) (names []string) {
	for _, f := range families {
		names = append(names, f.labels...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
