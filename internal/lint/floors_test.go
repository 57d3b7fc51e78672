package lint

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
)

// floors is the house (docs/ARCHITECTURE.md shows it with what lives where). A
// room below ground serves every floor; a room under the roof is made for tests
// or for people, and nothing is built on it.
var floors = map[string]int{
	"cmd":   7,
	"bench": 6,

	"httpapi": 5, "client": 5, "web": 5,

	"engine": 4,

	"events": 3, "views": 3, "jobs": 3, "refusals": 3,

	"raftstore": 2, "history": 2,

	"shard": 1, "catalog": 1, "promo": 1, "filter": 1,

	"coupon": 0, "wire": 0,

	"internal/arena": -1, "internal/durable": -1, "internal/guardfs": -1,

	"internal/clock": -2, "internal/invariant": -2,

	"test": roof, "examples": roof,
}

// roof is the floor of what only tests import. Every room of internal that has
// no floor of its own is there.
const roof = 8

// strangers are rooms that could import each other by their floors and must
// not: replication is tested without the law, and the law without replication.
// engine introduces them.
var strangers = map[string][]string{
	"raftstore": {"shard", "catalog", "promo", "filter"},
}

func floorOf(room string) (int, bool) {
	if floor, ok := floors[room]; ok {
		return floor, true
	}
	return roof, strings.HasPrefix(room, "internal/")
}

// Without this the law ends up importing the server, one convenient line at a
// time, and can no longer be tested alone.
func TestFloors(t *testing.T) {
	report(t, checkFloors(repository(t)))
}

func checkFloors(tr *tree) (found []finding) {
	homeless := map[string]bool{}
	for _, f := range tr.files {
		room := f.room()
		if _, ok := floorOf(room); !ok && !homeless[room] {
			homeless[room] = true
			found = append(found, finding{pos: f.path, text: fmt.Sprintf(
				"room %s has no floor: enter it in internal/lint/floors_test.go and in docs/ARCHITECTURE.md", room)})
		}
		for _, spec := range f.ast.Imports {
			target, ok := strings.CutPrefix(importPath(spec), tr.module+"/")
			if !ok || homeless[room] {
				continue
			}
			if text := judgeImport(f, roomOf(path.Clean(target))); text != "" {
				found = append(found, finding{pos: tr.at(spec.Pos()), text: text})
			}
		}
	}
	return found
}

// judgeImport returns what is wrong with f importing a room, or "".
func judgeImport(f *goFile, target string) string {
	room := f.room()
	own, _ := floorOf(room)
	other, known := floorOf(target)
	switch {
	case room == target:
		return ""
	case !known:
		return fmt.Sprintf("imports %s, which has no floor", target)
	case slices.Contains(strangers[room], target):
		return fmt.Sprintf("%s must not know %s: declare the interface you need in %s and let engine introduce them",
			room, target, room)
	case other == roof && !f.test && own != roof:
		return fmt.Sprintf("%s is only for tests: move what the product needs to a floor of its own "+
			"and enter that in internal/lint/floors_test.go", target)
	case other == roof, other < own:
		return ""
	case other == own && f.external:
		return "" // a test that is a user of both
	case other == own:
		return fmt.Sprintf("%s and %s share floor %d: move what both need to a lower floor, "+
			"or let a higher floor introduce them through an interface", room, target, own)
	}
	return fmt.Sprintf("%s (floor %d) imports %s (floor %d): declare the interface you need in %s "+
		"and let the higher floor pass its implementation down", room, own, target, other, room)
}
