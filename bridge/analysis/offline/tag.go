package offline

import (
	"slices"
	"strings"

	"parley/bridge/analysis"
)

const (
	mostTags = 3
	clearTag = 0.5
)

// tags gives the desk's tags that fit: by their names and words, and by what similar conversations got.
func (a *Analyzer) tags(t *text, known []analysis.Tag, alike []resemblance) []string {
	var all []scored
	for _, tag := range known {
		names := append([]string{strings.NewReplacer("_", " ", "-", " ", "/", " ").Replace(tag.Name)}, tag.Words...)
		score := a.mentions(t, names)
		for _, r := range alike {
			if slices.Contains(r.example.Tags, tag.Name) {
				score += 1.2 * r.likeness
			}
		}
		if score >= clearTag && tag.Name != "" {
			all = append(all, scored{tag.Name, score})
		}
	}
	slices.SortStableFunc(all, byScore)
	var found []string
	for _, s := range all {
		if len(found) < mostTags && !slices.Contains(found, s.name) {
			found = append(found, s.name)
		}
	}
	return found
}
