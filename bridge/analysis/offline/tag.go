package offline

import (
	"slices"
	"strings"

	"parley/bridge/analysis"
)

// Tags sort conversations. A desk says which there are. A tag gets points if the customer uses its words, if its
// usual intent was found, and if similar conversations have it.

// What speaks for a tag, from where on it is given, and to how many.
const (
	mostTags    = 3
	leastTag    = 0.5
	intentTag   = 0.8 // an intent to which the tag is most often given; a mention of its words counts 1
	likenessTag = 1.2 // times the likeness of a conversation that has the tag
)

// findTags returns the desk's tags that fit: by their names and words, by what the customer wants, and by what similar
// conversations got.
func (a *Analyzer) findTags(t *text, desk *analysis.Desk, intents []string, alike []resemblance) []string {
	usual := usualTags(desk, intents)
	var all []scored
	for _, tag := range desk.Tags {
		names := append([]string{strings.NewReplacer("_", " ", "-", " ", "/", " ").Replace(tag.Name)}, tag.Words...)
		score := a.countMentions(t, names)
		for _, r := range alike {
			if slices.Contains(r.example.Tags, tag.Name) {
				score += likenessTag * r.likeness
			}
		}

		if usual[strings.ToLower(tag.Name)] {
			score += intentTag
		}
		if score >= leastTag && tag.Name != "" {
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

// usualTags returns the tags, in small letters, that are most often given to intents.
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
