package erase

import (
	"slices"
	"strings"
)

// Emptied says whether a column is emptied or its rows are removed.
func Emptied(table, column string) bool {
	return slices.ContainsFunc(allPlaces(), func(p place) bool {
		return p.Table == table && (p.Clear == "" || slices.Contains(p.emptiedColumns(), column))
	})
}

// emptiedColumns returns the columns that a place clears.
func (p place) emptiedColumns() []string {
	var list []string
	for part := range strings.SplitSeq(p.Clear, ",") {
		if name, _, found := strings.Cut(part, " = "); found {
			list = append(list, strings.TrimSpace(name))
		}
	}
	return list
}
