package demo

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// This file recognises a message after it was relayed from one program to another. Chats and mail programs change
// markup, links and line breaks, so messages are compared by their words. WrittenText, ReceivedText and SlackText
// extract the text that the author wrote. WordingOf splits a text into words: "Hi *Ann*, it's :tada:" becomes hi, ann,
// it, s. Wording.Match looks for the words of one text in another.

const (
	// minMatchedWords is how many of a message's first words must be found, in order, for a match. The rest may be
	// missing, because Parley may have removed it as a quotation or a signature.
	minMatchedWords = 12
	// maxGapWords is how many other words may come between two words of a message, not counting quoted lines.
	maxGapWords = 4
)

var (
	slackLink      = regexp.MustCompile(`<(?:https?|mailto):[^|>]*(?:\|([^>]*))?>`)
	slackReference = regexp.MustCompile(`<[@#!][^>]*>`)
	slackQuote     = regexp.MustCompile(`(?m)^&gt;.*$`)
	webAddress     = regexp.MustCompile(`<?https?://\S+`)
	emojiName      = regexp.MustCompile(`:[a-z0-9_+'-]+:`)
	quotedLine     = regexp.MustCompile(`(?m)^>.*$`)
	signatureStart = regexp.MustCompile(`(?m)^-- $`)
	historyStart   = regexp.MustCompile(`(?m)^(?:_{8,}|On .+ wrote:)$`)
	htmlTag        = regexp.MustCompile(`<[^>]*>`)
)

// WrittenText returns what a customer wrote in a mail, without quotations and signature. It uses the HTML part only if
// the text part is blank.
func WrittenText(text, html string) string {
	if strings.TrimSpace(text) == "" {
		text = htmlTag.ReplaceAllString(html, " ")
	}
	text = ReceivedText(text)
	if at := historyStart.FindStringIndex(text); at != nil {
		text = text[:at[0]]
	}
	return Unquoted(text)
}

// ReceivedText returns what agents wrote in a mail from Parley, without the signature. It keeps quotations and lines such
// as "On Monday you wrote:", because Parley doesn't quote earlier mails: the agents must have typed them.
func ReceivedText(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if at := signatureStart.FindStringIndex(text); at != nil {
		text = text[:at[0]]
	}
	return strings.TrimSpace(text)
}

// Unquoted returns a text without its quoted lines, which begin with >.
func Unquoted(text string) string { return strings.TrimSpace(quotedLine.ReplaceAllString(text, "")) }

// SlackText returns the plain text of a Slack message, without quotations, mentions and Slack's markup for links.
func SlackText(text string) string {
	text = slackQuote.ReplaceAllString(text, "")
	text = slackLink.ReplaceAllString(text, "$1 ")
	return strings.TrimSpace(html.UnescapeString(slackReference.ReplaceAllString(text, " ")))
}

// Wording is a text as a list of lower-case words that also records where each line begins.
type Wording struct {
	Words  []string
	Lines  []int  // index of each line's first word
	quoted []bool // for each word: it is in a quoted line, which begins with >
}

// noWord represents a line without words, such as one that consists of emoji or punctuation.
const noWord = "☺"

// WordingOf splits a text into words of letters and digits. It omits URLs and emoji names, because Parley writes them
// differently in each chat and in mails.
func WordingOf(text string) Wording {
	var w Wording
	for line := range strings.Lines(text) {
		words := WordsOf(line)
		if len(words) == 0 && strings.TrimSpace(line) != "" {
			words = []string{noWord}
		}
		if len(words) > 0 {
			w.Lines = append(w.Lines, len(w.Words))
			w.Words = append(w.Words, words...)
			w.quoted = append(w.quoted, slices.Repeat([]bool{strings.HasPrefix(line, ">")}, len(words))...)
		}
	}
	return w
}

// MessageWords returns the words by which a message is recognised. It omits lines without words, unless there are no
// other lines.
func (w Wording) MessageWords() []string {
	words := slices.DeleteFunc(slices.Clone(w.Words), func(s string) bool { return s == noWord })
	if len(words) == 0 {
		return w.Words
	}
	return words
}

// WordsOf returns the words of a line in lower case.
func WordsOf(text string) []string {
	text = emojiName.ReplaceAllString(webAddress.ReplaceAllString(text, " "), " ")
	text = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cf) { // zero-width joiners and other invisible characters
			return -1
		}
		return unicode.ToLower(r)
	}, text)
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.N) })
}

// Match is the result of looking for a message in a text.
type Match struct {
	Found int  // how many of the message's words were found; 0 means no match
	end   int  // index of the first word after the message
	Whole bool // all its words were found without gaps, and they make up whole lines
}

// Match looks for a message that begins at word number from, and reports how much of it is there.
func (w Wording) Match(message []string, from int) Match {
	if len(message) == 0 || from >= len(w.Words) {
		return Match{}
	}
	if w.Words[from] != message[0] {
		return Match{}
	}

	m := Match{Found: 1, end: from + 1, Whole: slices.Contains(w.Lines, from)}
	for i, word := range message[1:] {
		next, gap := m.end, 0
		for next < len(w.Words) && gap <= maxGapWords && w.Words[next] != word {
			if !w.quoted[next] {
				gap++
			}
			next++
		}

		if next < len(w.Words) && gap <= maxGapWords {
			m.Whole = m.Whole && next == m.end
			m.Found++
			m.end = next + 1
			continue
		}

		if i+1 < minMatchedWords {
			return Match{}
		}

		m.Whole = false
	}

	endsLine := m.end == len(w.Words) || slices.Contains(w.Lines, m.end)
	m.Whole = m.Whole && endsLine
	return m
}
