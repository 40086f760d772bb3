package evaluation

import "slices"

// difficultiesOf returns what makes a message hard, or "none".
func difficultiesOf(m Message) []string {
	if len(m.Hard) == 0 {
		return []string{"none"}
	}
	return m.Hard
}

// judgeGroups judges messages that have something in common. A message may be in several groups.
func judgeGroups(results []Result, of func(Message) []string) []Group {
	marks := mark(results)
	places := map[string][]int{}
	for i, r := range results {
		for _, name := range of(r.Message) {
			places[name] = append(places[name], i)
		}
	}

	var names []string
	for name := range places {
		names = append(names, name)
	}

	slices.Sort(names)
	var all []Group
	for _, name := range names {
		at := func(marks []marking) []marking {
			var some []marking
			for _, i := range places[name] {
				some = append(some, marks[i])
			}
			return some
		}

		all = append(all, Group{Name: name, Messages: len(places[name]), Figures: Figures{
			Language: shareExact(at(marks.language)), Sentiment: macroF1(at(marks.sentiment)), Urgency: microF1(at(marks.urgency)),
			Intents: microF1(at(marks.intents)), References: microF1(at(marks.references)),
		}})
	}

	return all
}
