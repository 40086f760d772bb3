package offline

import (
	"slices"
	"strings"

	"parley/bridge/analysis"
)

const (
	mostTags  = 3
	clearTag  = 0.5
	intendTag = 0.8 // what an intent says for a tag that is most often given to it
)

// tags gives the desk's tags that fit: by their names and words, by what the customer wants, and by what similar
// conversations got.
func (a *Analyzer) tags(t *text, desk *analysis.Desk, intents []string, alike []resemblance) []string {
	usual := usualTags(desk, intents)
	var all []scored
	for _, tag := range desk.Tags {
		names := append([]string{strings.NewReplacer("_", " ", "-", " ", "/", " ").Replace(tag.Name)}, tag.Words...)
		score := a.mentions(t, names)
		for _, r := range alike {
			if slices.Contains(r.example.Tags, tag.Name) {
				score += 1.2 * r.likeness
			}
		}
		if usual[strings.ToLower(tag.Name)] {
			score += intendTag
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

// usualTags gives the tags, in small letters, that are most often given to intents.
func usualTags(desk *analysis.Desk, intents []string) map[string]bool {
	known := desk.Intents
	if len(known) == 0 {
		known = analysis.DefaultIntents()
	}
	usual := map[string]bool{}
	for _, i := range known {
		if slices.Contains(intents, i.Name) {
			for _, tag := range i.Tags {
				usual[strings.ToLower(tag)] = true
			}
		}
	}
	return usual
}
