package demo

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

const (
	// headWords is how many of a message's first words must stand, in their order, where
	// it arrived. What follows may have been taken for a quotation or a signature.
	headWords = 12
	// gapWords is how many other words may stand between two of them.
	gapWords = 4
)

var (
	slackLink  = regexp.MustCompile(`<(?:https?|mailto):[^|>]*(?:\|([^>]*))?>`)
	slackThing = regexp.MustCompile(`<[@#!][^>]*>`)
	slackQuote = regexp.MustCompile(`(?m)^&gt;.*$`)
	webAddress = regexp.MustCompile(`<?https?://\S+`)
	emojiName  = regexp.MustCompile(`:[a-z0-9_+'-]+:`)
	quoteBegin = regexp.MustCompile(`(?m)^(?:>|_{8,}$|On .+ wrote:$|-- $)`)
	htmlTag    = regexp.MustCompile(`<[^>]*>`)
)

// ownText is what somebody wrote in a mail: without what he quotes, and a signature.
func ownText(text, html string) string {
	if strings.TrimSpace(text) == "" {
		text = htmlTag.ReplaceAllString(html, " ")
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if at := quoteBegin.FindStringIndex(text); at != nil {
		text = text[:at[0]]
	}
	return strings.TrimSpace(text)
}

// slackText is what a Slack message says, without Slack's marks and what it quotes.
func slackText(text string) string {
	text = slackQuote.ReplaceAllString(text, "")
	text = slackLink.ReplaceAllString(text, "$1 ")
	return strings.TrimSpace(html.UnescapeString(slackThing.ReplaceAllString(text, " ")))
}

// wording is a text as words, and where its lines begin.
type wording struct {
	words []string
	lines []int // index of each line's first word
}

// wordless stands for a line that has no word: emoji, or marks alone.
const wordless = "☺"

// wordingOf gives the letters and digits of a text. Web addresses and emoji are left out, since
// Parley writes them differently in each chat and in mails.
func wordingOf(text string) wording {
	var w wording
	for line := range strings.Lines(text) {
		words := wordsOf(line)
		if len(words) == 0 && strings.TrimSpace(line) != "" {
			words = []string{wordless}
		}
		if len(words) > 0 {
			w.lines = append(w.lines, len(w.words))
			w.words = append(w.words, words...)
		}
	}
	return w
}

// said gives the words by which a message is recognised: those of all lines that have any.
func (w wording) said() []string {
	words := slices.DeleteFunc(slices.Clone(w.words), func(s string) bool { return s == wordless })
	if len(words) == 0 {
		return w.words
	}
	return words
}

// wordsOf gives the words of a line.
func wordsOf(text string) []string {
	text = emojiName.ReplaceAllString(webAddress.ReplaceAllString(text, " "), " ")
	text = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cf) { // joiners and other marks that nobody sees
			return -1
		}
		return unicode.ToLower(r)
	}, text)
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.N) })
}

// match is how a message was recognised in what arrived.
type match struct {
	found int  // words of it; 0 = it is something else
	end   int  // index of the word behind it
	whole bool // it stands there word for word, as lines of its own
}

// recognise looks whether what was said begins at the word with the index from.
func (w wording) recognise(said []string, from int) match {
	if len(said) == 0 || from >= len(w.words) || w.words[from] != said[0] {
		return match{}
	}
	m := match{found: 1, end: from + 1, whole: slices.Contains(w.lines, from)}
	for i, word := range said[1:] {
		next, last := m.end, min(m.end+gapWords, len(w.words)-1)
		for next <= last && w.words[next] != word {
			next++
		}
		switch {
		case next <= last:
			m.whole = m.whole && next == m.end
			m.found++
			m.end = next + 1
		case i+1 < headWords:
			return match{}
		default:
			m.whole = false
		}
	}
	m.whole = m.whole && (m.end == len(w.words) || slices.Contains(w.lines, m.end))
	return m
}
