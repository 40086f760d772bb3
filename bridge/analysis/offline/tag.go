package offline

import (
	"slices"
	"strings"

	"parley/bridge/analysis"
)

const (
	maxTags     = 3
	minTagScore = 0.5
)

// The scores that are added for a tag. A mention of one of its words adds 1.
const (
	usualTagScore = 0.8 // it is a usual tag of one of the text's intents
)

// findTags suggests tags for a text, the best first. A tag is a label that the desk (one helpdesk) uses to sort its
// conversations. It is suggested if the text contains its name or words, or if it usually goes with one of the text's intents.
func (a *Analyzer) findTags(t *text, desk *analysis.Desk, intents []string) []string {
	usual := usualTags(desk, intents)
	var all []scored
	for _, tag := range desk.Tags {
		name := strings.NewReplacer("_", " ", "-", " ", "/", " ").Replace(tag.Name)
		score := a.countMentions(t, append([]string{name}, tag.Words...))
		if usual[strings.ToLower(tag.Name)] {
			score += usualTagScore
		}
		if score >= minTagScore && tag.Name != "" {
			all = append(all, scored{tag.Name, score})
		}
	}

	slices.SortStableFunc(all, byScore)
	var found []string
	for _, s := range all {
		if len(found) < maxTags && !slices.Contains(found, s.name) {
			found = append(found, s.name)
		}
	}

	return found
}

// usualTags returns the tags, in lower case, that usually go with some intents.
func usualTags(desk *analysis.Desk, intents []string) map[string]bool {
	known := desk.Intents
	if len(known) == 0 {
		known = analysis.DefaultIntents()
	}
	usual := map[string]bool{}
	for _, i := range known {
		if !slices.Contains(intents, i.Name) {
			continue
		}
		for _, tag := range i.Tags {
			usual[strings.ToLower(tag)] = true
		}
	}
	return usual
}
