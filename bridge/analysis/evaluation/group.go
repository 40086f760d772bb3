package evaluation

import (
	"maps"
	"slices"
)

// noDifficulty is the group of messages that nothing makes hard.
const noDifficulty = "none"

// difficultiesOf returns what makes a message hard, or noDifficulty.
func difficultiesOf(m Message) []string {
	if len(m.Hard) == 0 {
		return []string{noDifficulty}
	}
	return m.Hard
}

// judgeGroups judges messages by groups, such as their languages. groupsOf returns the names of the groups of a message, which
// may be several. The groups come in the order of their names.
func judgeGroups(results []Result, groupsOf func(Message) []string) []Group {
	all := mark(results)
	members := map[string][]int{} // by group: the indices of its messages
	for i, r := range results {
		for _, name := range groupsOf(r.Message) {
			members[name] = append(members[name], i)
		}
	}

	var groups []Group
	for _, name := range slices.Sorted(maps.Keys(members)) {
		marks := all.pick(members[name])
		groups = append(groups, Group{Name: name, Messages: len(members[name]), Figures: Figures{
			Language:   shareExact(marks.language),
			Sentiment:  macroF1(marks.sentiment),
			Urgency:    microF1(marks.urgency),
			Intents:    microF1(marks.intents), // not macro: see Group
			References: microF1(marks.references),
		}})
	}
	return groups
}

// pick returns the fields of the messages with these indices.
func (m markings) pick(indices []int) markings {
	pick := func(marks []marking) []marking {
		picked := make([]marking, len(indices))
		for i, index := range indices {
			picked[i] = marks[index]
		}
		return picked
	}
	return markings{pick(m.language), pick(m.sentiment), pick(m.urgency), pick(m.intents), pick(m.references)}
}
