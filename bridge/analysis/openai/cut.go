package openai

import (
	"slices"
	"unicode/utf8"

	"parley/bridge/analysis"
)

// How much of a question a model is shown, in estimated tokens. Together with the system message, the shape and the
// form of the document this stays below 6,000.
const (
	mostBurst    = 1800
	mostNames    = 1100 // intents, tags, kinds
	mostSources  = 1000
	mostExamples = 350
	mostTotal    = 4600 // of all texts: what is left goes to the history
	mostSource   = 300  // of one
	mostExample  = 60   // of one
	frame        = 16   // of the form around a text
)

// estimate says how many tokens a text has at most: words of Latin script have a token for about four letters, others
// up to one for each.
func estimate(s string) int {
	n := 6
	for _, r := range s {
		n += sevenths(r)
	}
	return n / 7
}

// sevenths of a token that a character costs. Some are written with a backslash, or as six characters.
func sevenths(r rune) int {
	switch {
	case r == '"' || r == '\\' || r == '\n':
		return 4
	case r < ' ' || r == utf8.RuneError || r == '\u2028' || r == '\u2029':
		return 14
	case r < utf8.RuneSelf:
		return 2
	}
	return 7
}

// clip returns the beginning of a text, of so many estimated tokens. It reads no further than this.
func clip(s string, most int) string {
	n, end := 6, 0 // end: of what leaves room for the dots
	for i, r := range s {
		if n-6 <= (most-1)*7 {
			end = i
		}
		if n += sevenths(r); n/7 > most {
			return s[:end] + "…"
		}
	}
	return s
}

// cut returns a question that fits: names and sources at the end of their lists go first, then the beginning of the
// history. The burst keeps the beginnings of its long messages; of very many only the last ones.
func cut(q analysis.Question) analysis.Question {
	if len(q.Desk.Intents) == 0 {
		q.Desk.Intents = analysis.DefaultIntents()
	}
	left := mostTotal
	q.Burst = cutBurst(q.Burst, &left)
	names := min(mostNames, left)
	left -= names
	q.Desk.Intents = keep(q.Desk.Intents, &names, func(i analysis.Intent) int { return estimate(i.Name) + estimate(i.About) + frame })
	q.Desk.References = keep(q.Desk.References, &names, func(p analysis.Pattern) int { return estimate(p.Kind) + estimate(p.Regexp) + frame })
	q.Desk.Tags = keep(cutTags(q.Desk.Tags), &names, func(t analysis.Tag) int {
		n := estimate(t.Name) + frame
		for _, w := range t.Words {
			n += estimate(w) + 2
		}
		return n
	})
	left += names
	q.Desk.Sources = cutSources(q.Desk.Sources, &left)
	q.Desk.Examples = cutExamples(q.Desk.Examples, &left)
	q.Before = cutHistory(q.Before, left)
	return q
}

// keep returns the beginning of a list that fits, and takes it from what is left.
func keep[T any](all []T, left *int, size func(T) int) []T {
	for i, t := range all {
		n := size(t)
		if n > *left {
			return all[:i:i]
		}
		*left -= n
	}
	return all
}

func cutBurst(burst []analysis.Message, left *int) []analysis.Message {
	// Of very many messages the last ones count most.
	if most := mostBurst / (3 * frame); len(burst) > most {
		burst = burst[len(burst)-most:]
	}
	cut := slices.Clone(burst)
	room := min(mostBurst, *left)
	for i := range slices.Backward(cut) {
		share := room / (i + 1)
		m := cutMessage(cut[i], share)
		room -= min(sizeOf(m), room)
		*left -= sizeOf(m)
		cut[i] = m
	}
	return cut
}

// cutMessage shortens a message: files and subject take at most a quarter each.
func cutMessage(m analysis.Message, most int) analysis.Message {
	most -= frame
	m.Subject = clip(m.Subject, most/4)
	files := most / 4
	names := slices.Clone(m.Files)
	for i := range names {
		names[i] = clip(names[i], 40)
	}
	m.Files = keep(names, &files, func(f string) int { return estimate(f) + 2 })
	used := estimate(m.Subject)
	for _, f := range m.Files {
		used += estimate(f) + 2
	}
	m.Text = clip(m.Text, most-used)
	return m
}

func sizeOf(m analysis.Message) int {
	n := frame + estimate(m.Subject) + estimate(m.Text)
	for _, f := range m.Files {
		n += estimate(f) + 2
	}
	return n
}

func cutTags(tags []analysis.Tag) []analysis.Tag {
	cut := slices.Clone(tags)
	for i := range cut {
		room := 20
		cut[i].Words = keep(cut[i].Words, &room, func(w string) int { return estimate(w) + 2 })
	}
	return cut
}

func cutSources(sources []analysis.Source, left *int) []analysis.Source {
	cut := slices.Clone(sources)
	for i := range cut {
		s := &cut[i]
		s.Title = clip(s.Title, 30)
		if s.Reply = clip(s.Reply, mostSource*2/3); s.Reply != "" {
			s.Text = clip(s.Text, mostSource/3)
		} else {
			s.Text = clip(s.Text, mostSource)
		}
	}
	room := min(mostSources, *left)
	before := room
	cut = keep(cut, &room, func(s analysis.Source) int {
		return 2*frame + estimate(s.ID) + estimate(s.Title) + estimate(s.Link) + estimate(s.Text) + estimate(s.Reply)
	})
	*left -= before - room
	return cut
}

func cutExamples(examples []analysis.Example, left *int) []analysis.Example {
	cut := slices.Clone(examples)
	for i := range cut {
		cut[i].Text = clip(cut[i].Text, mostExample)
	}
	room := min(mostExamples, *left)
	before := room
	cut = keep(cut, &room, func(e analysis.Example) int {
		n := 2*frame + estimate(e.Text) + estimate(e.Intent) + estimate(e.Solver)
		for _, t := range e.Tags {
			n += estimate(t) + 2
		}
		return n
	})
	*left -= before - room
	return cut
}

// cutHistory keeps the end: what was said last before the burst.
func cutHistory(before []analysis.Message, left int) []analysis.Message {
	for i, m := range slices.Backward(before) {
		if left -= sizeOf(m); left < 0 {
			return before[i+1:]
		}
	}
	return before
}
