package openai

import (
	"slices"
	"unicode/utf8"

	"parley/bridge/analysis"
)

// What a model is asked must not be longer than a small model can read, nor cost too much. Tokens are what models count
// and charge: pieces of words. This file estimates the tokens of a question, and cuts its less important parts.

// How much of a question a model is shown, in estimated tokens. Together with the system message, the shape and the
// form of the document this stays below 6,000.
const (
	mostBurst    = 1800
	mostNames    = 1100 // intents, tags, kinds
	mostSources  = 1000
	mostExamples = 350
	mostTotal    = 4600 // of all texts: what is left goes to the history
	mostSource   = 300  // of one
	mostTitle    = 30   // of one source
	mostExample  = 60   // of one
	mostFileName = 40
	mostTagWords = 20 // of one tag
	frame        = 16 // of the form around a text
)

// token is how many sevenths one token has. Tokens are estimated in sevenths, because a character may cost a part of one.
const token = 7

// estimateTokens returns how many tokens a text has at most. In Latin script that is about two for seven characters, in
// other scripts up to one for each.
func estimateTokens(s string) int {
	n := token - 1
	for _, r := range s {
		n += seventhsOf(r)
	}
	return n / token
}

// estimateAll adds the tokens of texts up.
func estimateAll(texts ...string) int {
	n := 0
	for _, s := range texts {
		n += estimateTokens(s)
	}
	return n
}

// seventhsOf returns how many sevenths of a token a character costs.
func seventhsOf(r rune) int {
	const (
		latin   = 2
		escaped = 2 * latin // with a backslash
		coded   = 2 * token // as six characters: "\u2028"
	)
	switch r {
	case '"', '\\', '\n':
		return escaped
	case utf8.RuneError, '\u2028', '\u2029':
		return coded
	}

	if r < ' ' {
		return coded
	}
	if r < utf8.RuneSelf {
		return latin
	}
	return token
}

// clipTokens returns a text of at most so many estimated tokens: all of it, or its beginning with "…". It reads no further
// than that.
func clipTokens(s string, most int) string {
	n := 0   // sevenths so far
	end := 0 // where the beginning ends that leaves room for "…"
	for i, r := range s {
		if n <= (most-1)*token {
			end = i
		}
		n += seventhsOf(r)
		if (n+token-1)/token > most {
			return s[:end] + "…"
		}
	}
	return s
}

// cut returns a question that fits into mostTotal. It drops names and sources at the end of their lists, and the beginning
// of the history. In the burst, which is what is analysed, it keeps the beginnings of long messages, and drops the first of
// very many.
func cut(q analysis.Question) analysis.Question {
	if len(q.Desk.Intents) == 0 {
		q.Desk.Intents = analysis.DefaultIntents()
	}

	left := mostTotal
	q.Burst = cutBurst(q.Burst, &left)
	names := min(mostNames, left)
	left -= names
	q.Desk.Intents = keep(q.Desk.Intents, &names, func(i analysis.Intent) int { return frame + estimateAll(i.Name, i.About) })
	q.Desk.References = keep(q.Desk.References, &names, func(p analysis.Pattern) int { return frame + estimateAll(p.Kind, p.Regexp) })
	q.Desk.Tags = keep(cutTags(q.Desk.Tags), &names, func(t analysis.Tag) int {
		n := estimateTokens(t.Name) + frame
		for _, w := range t.Words {
			n += estimateTokens(w) + 2
		}
		return n
	})

	left += names
	q.Desk.Sources = cutSources(q.Desk.Sources, &left)
	q.Desk.Examples = cutExamples(q.Desk.Examples, &left)
	q.Before = cutHistory(q.Before, left)
	return q
}

// keep returns the beginning of a list that fits into left, and subtracts its size from left.
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
	const shortest = 3 * frame // a message with less room says nothing
	most := mostBurst / shortest
	if len(burst) > most {
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

// cutMessage shortens a message to most tokens. The subject and the names of files get at most a quarter each.
func cutMessage(m analysis.Message, most int) analysis.Message {
	const quarter = 4
	most -= frame
	m.Subject = clipTokens(m.Subject, most/quarter)
	files := most / quarter
	names := slices.Clone(m.Files)
	for i := range names {
		names[i] = clipTokens(names[i], mostFileName)
	}

	m.Files = keep(names, &files, func(f string) int { return estimateTokens(f) + 2 })
	used := estimateTokens(m.Subject)
	for _, f := range m.Files {
		used += estimateTokens(f) + 2
	}

	m.Text = clipTokens(m.Text, most-used)
	return m
}

func sizeOf(m analysis.Message) int {
	n := frame + estimateAll(m.Subject, m.Text)
	for _, f := range m.Files {
		n += estimateTokens(f) + 2
	}
	return n
}

func cutTags(tags []analysis.Tag) []analysis.Tag {
	cut := slices.Clone(tags)
	for i := range cut {
		room := mostTagWords
		cut[i].Words = keep(cut[i].Words, &room, func(w string) int { return estimateTokens(w) + 2 })
	}
	return cut
}

func cutSources(sources []analysis.Source, left *int) []analysis.Source {
	cut := slices.Clone(sources)
	for i := range cut {
		s := &cut[i]
		const third = mostSource / 3
		s.Title = clipTokens(s.Title, mostTitle)
		s.Reply = clipTokens(s.Reply, 2*third)
		if s.Reply != "" {
			s.Text = clipTokens(s.Text, third)
		} else {
			s.Text = clipTokens(s.Text, mostSource)
		}
	}

	room := min(mostSources, *left)
	before := room
	cut = keep(cut, &room, func(s analysis.Source) int {
		return 2*frame + estimateAll(s.ID, s.Title, s.Link, s.Text, s.Reply)
	})

	*left -= before - room
	return cut
}

func cutExamples(examples []analysis.Example, left *int) []analysis.Example {
	cut := slices.Clone(examples)
	for i := range cut {
		cut[i].Text = clipTokens(cut[i].Text, mostExample)
	}

	room := min(mostExamples, *left)
	before := room
	cut = keep(cut, &room, func(e analysis.Example) int {
		n := 2*frame + estimateAll(e.Text, e.Intent, e.Solver)
		for _, t := range e.Tags {
			n += estimateTokens(t) + 2
		}
		return n
	})

	*left -= before - room
	return cut
}

// cutHistory keeps the end of a history, as far as it fits into left.
func cutHistory(before []analysis.Message, left int) []analysis.Message {
	for i, m := range slices.Backward(before) {
		left -= sizeOf(m)
		if left < 0 {
			return before[i+1:]
		}
	}
	return before
}
