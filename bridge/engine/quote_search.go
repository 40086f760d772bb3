package engine

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// search looks for the words of a mail in what was said before. Mail programs wrap the lines that they quote, so it
// compares words. They keep the order: below a line that was found, the next ones are expected to go on in the same
// message. So a short answer inside a quote is not taken for words that stand somewhere else in it.
type search struct {
	ids     map[string]int
	letters []int // by id
	said    []int // the ids of all words that were said; each message ends with endOfMessage
	sources []int // by their index in said: which message they are of
	begins  []int // where in said messages and signatures begin
	pairs   map[[2]int][]int
	words   []int // the ids of the words of the mail's lines that may be hidden; between parts there is a betweenParts
	budget  int   // how many words may still be compared
}

// Ids that are no word's.
const (
	endOfMessage = -1 - iota
	unknownWord
	betweenParts
)

const (
	minLetters   = 16      // of words that are found without those before them
	manyLetters  = 40      // of words that are found in another message than those before them
	maxSaidWords = 100_000 // of all earlier messages
	maxPlaces    = 64      // at which two words are looked for
	maxCompared  = 500_000 // words, for one mail
)

func newSearch(said []Said, lines []line) *search {
	s := &search{ids: map[string]int{}, pairs: map[[2]int][]int{}, budget: maxCompared}
	for source, message := range said {
		s.addMessage(source, message.Text)
	}

	depth, intro, look := -1, 0, looksNew
	for i := range lines {
		l := &lines[i]
		l.at = len(s.words)
		if l.look == looksNew {
			look = looksNew
			continue
		}
		if len(l.words) == 0 {
			continue
		}
		if l.depth != depth || l.intro != intro || l.look != look {
			s.words = append(s.words, betweenParts)
			l.at++
		}
		depth, intro, look = l.depth, l.intro, l.look
		for _, w := range l.words {
			id, isKnown := s.ids[w]
			if !isKnown {
				id = unknownWord
			}
			s.words = append(s.words, id)
		}
	}
	return s
}

func (s *search) addMessage(source int, text string) {
	add := func(id int) {
		if last := len(s.said) - 1; last >= 0 && id >= 0 && s.said[last] >= 0 {
			pair := [2]int{s.said[last], id}
			s.pairs[pair] = append(s.pairs[pair], last)
		}
		s.said, s.sources = append(s.said, id), append(s.sources, source)
	}

	s.begins = append(s.begins, len(s.said))
	for text := range strings.SplitSeq(text, "\n") {
		l := line{plain: strings.TrimLeft(text, "> ")}
		if l.beginsSignature() {
			s.begins = append(s.begins, len(s.said))
		}
		for _, w := range quoteWordsOf(l.plain) {
			if len(s.said) > maxSaidWords {
				break
			}
			id, isKnown := s.ids[w]
			if !isKnown {
				id = len(s.letters)
				s.ids[w] = id
				s.letters = append(s.letters, utf8.RuneCountInString(w))
			}
			add(id)
		}
	}
	add(endOfMessage)
}

// common returns how many words of the mail, from index at, were said at place.
func (s *search) common(place, at int) int {
	n := 0
	for place+n < len(s.said) && at+n < len(s.words) && s.said[place+n] == s.words[at+n] {
		n++
	}
	s.budget -= n + 1
	return n
}

// hideKnown hides the lines whose words are known.
func (s *search) hideKnown(lines []line) {
	const nowhere = -1
	next := nowhere // where the words of the next line are expected
	for i := range lines {
		l := &lines[i]
		if l.look == looksNew || len(l.words) == 0 {
			continue
		}
		if s.words[l.at-1] == betweenParts && !s.goesOn(l, next) || next != nowhere && s.said[next] == endOfMessage {
			next = nowhere
		}
		place := s.find(l, next)
		if place < 0 || s.budget <= 0 || place == next && s.fitsBetter(lines, i, place) {
			continue
		}
		l.hidden, l.source = true, s.sources[place]
		next = place + len(l.words)
	}
}

// fitsBetter reports whether the next line, rather than the short line i, has the words that were said at place: then line
// i is an answer that stands before what it repeats.
func (s *search) fitsBetter(lines []line, i, place int) bool {
	l := &lines[i]
	if s.lettersOf(l.at, len(l.words)) >= minLetters || s.common(place, l.at) > len(l.words) {
		return false
	}
	for j := i + 1; j < len(lines); j++ {
		if n := lines[j].words; len(n) > 0 {
			return lines[j].look != looksNew && len(n) > len(l.words) && s.common(place, lines[j].at) >= len(n)
		}
	}
	return false
}

// goesOn reports whether a line has the words that were said at place.
func (s *search) goesOn(l *line, place int) bool {
	return place >= 0 && s.common(place, l.at) >= len(l.words)
}

// find returns where the words of a line were said, or -1. next is where they are expected; -1 means that they may be of
// any message.
func (s *search) find(l *line, next int) int {
	if s.goesOn(l, next) {
		return next
	}
	best, longest := -1, len(l.words)-1
	try := func(place, minimum int) {
		n := s.common(place, l.at)
		if n <= longest {
			return
		}
		isWhole := minimum == 0 && s.isEnd(place+n) && (l.at+n == len(s.words) || s.words[l.at+n] == betweenParts)
		if isWhole || s.lettersOf(l.at, n) >= max(minimum, minLetters) {
			best, longest = place, n
		}
	}
	if next < 0 && s.words[l.at-1] == betweenParts {
		for _, place := range s.begins {
			try(place, 0)
		}
	}
	if l.at+1 >= len(s.words) {
		return best
	}
	places := s.pairs[[2]int{s.words[l.at], s.words[l.at+1]}]
	for _, place := range places[:min(len(places), maxPlaces)] {
		if s.budget <= 0 {
			break
		}
		isNear := next < 0 || place >= next && s.sources[place] == s.sources[next]
		if isNear {
			try(place, minLetters)
		} else {
			try(place, manyLetters)
		}
	}
	return best
}

// isEnd reports whether a message, or its text above the signature, ends at place.
func (s *search) isEnd(place int) bool {
	return s.said[place] == endOfMessage || slices.Contains(s.begins, place)
}

// lettersOf counts the letters of n words of the mail.
func (s *search) lettersOf(at, n int) (letters int) {
	for _, id := range s.words[at : at+n] {
		letters += s.letters[id]
	}
	return letters
}
