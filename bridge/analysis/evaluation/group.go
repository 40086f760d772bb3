package evaluation

import (
	"maps"
	"slices"
)

// An evaluation also reports figures for groups of messages, such as all French ones or all with irony, to show where an
// analyzer is weak.

// noDifficulty is the group of messages without a difficulty.
const noDifficulty = "none"

// difficultiesOf returns the groups of a message by difficulty: its difficulties, or noDifficulty.
func difficultiesOf(m Message) []string {
	if len(m.Difficulties) == 0 {
		return []string{noDifficulty}
	}
	return m.Difficulties
}

// judgeGroups returns the figures of each group of messages, sorted by the group's name. groupsOf returns the names of a
// message's groups. A message may belong to several.
func judgeGroups(results []Result, groupsOf func(Message) []string) []Group {
	all := compareFields(results)
	members := map[string][]int{} // by group name: indices of results
	for i, r := range results {
		for _, name := range groupsOf(r.Message) {
			members[name] = append(members[name], i)
		}
	}

	var groups []Group
	for _, name := range slices.Sorted(maps.Keys(members)) {
		compared := all.pick(members[name])
		groups = append(groups, Group{Name: name, Messages: len(members[name]), Figures: Figures{
			Language:   shareExact(compared.language),
			Sentiment:  macroF1(compared.sentiment),
			Urgency:    microF1(compared.urgency),
			Intents:    microF1(compared.intents), // micro, see Group
			References: microF1(compared.references),
		}})
	}
	return groups
}

// pick returns the comparisons of the messages with these indices.
func (c comparedFields) pick(indices []int) comparedFields {
	pick := func(all []comparison) []comparison {
		picked := make([]comparison, len(indices))
		for i, index := range indices {
			picked[i] = all[index]
		}
		return picked
	}
	return comparedFields{
		language:   pick(c.language),
		sentiment:  pick(c.sentiment),
		urgency:    pick(c.urgency),
		intents:    pick(c.intents),
		references: pick(c.references),
	}
}
