package checker

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Messages are recognised by their words, because chats and mail programs change markup, links and line breaks. The
// first functions take what a mail or Slack carries and return the text that its author wrote. WordingOf cuts such
// a text into words: "Hi *Ann*, it's :tada:" becomes hi, ann, it, s. Wording.Match looks for the words of one text
// in another.

const (
	// minMatchedWords is how many of a message's first words must stand, in their order, where it arrived. Parley
	// may have taken the rest for a quotation or a signature and left it out.
	minMatchedWords = 12
	// maxGapWords is how many foreign words may stand between two words of a message. Quoted ones are not counted.
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

// WrittenText is what a customer wrote in a mail, without quotations and without a signature.
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

// ReceivedText is what agents wrote in a mail, without a signature. Parley adds no earlier mails: what is quoted, and a line
// such as "On Monday you wrote:", is the agents' own.
func ReceivedText(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if at := signatureStart.FindStringIndex(text); at != nil {
		text = text[:at[0]]
	}
	return strings.TrimSpace(text)
}

// Unquoted is a text without the lines that quote another.
func Unquoted(text string) string { return strings.TrimSpace(quotedLine.ReplaceAllString(text, "")) }

// SlackText is what a Slack message says, without Slack's marks and what it quotes.
func SlackText(text string) string {
	text = slackQuote.ReplaceAllString(text, "")
	text = slackLink.ReplaceAllString(text, "$1 ")
	return strings.TrimSpace(html.UnescapeString(slackReference.ReplaceAllString(text, " ")))
}

// Wording is a text as a list of words in small letters, with the places where its lines begin.
type Wording struct {
	Words  []string
	Lines  []int  // index of each line's first word
	quoted []bool // for each word: its line begins with >, so it quotes another message
}

// noWord stands for a line that has no word: emoji, or marks alone.
const noWord = "☺"

// WordingOf cuts a text into words of letters and digits. It leaves out web addresses and names of emoji, since
// Parley writes them differently in each chat and in mails.
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

// MessageWords returns the words by which a message is recognised: those of all lines that have any.
func (w Wording) MessageWords() []string {
	words := slices.DeleteFunc(slices.Clone(w.Words), func(s string) bool { return s == noWord })
	if len(words) == 0 {
		return w.Words
	}
	return words
}

// WordsOf returns the words of a line.
func WordsOf(text string) []string {
	text = emojiName.ReplaceAllString(webAddress.ReplaceAllString(text, " "), " ")
	text = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cf) { // joiners and other marks that nobody sees
			return -1
		}
		return unicode.ToLower(r)
	}, text)
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.N) })
}

// Match is how a message was recognised in what arrived.
type Match struct {
	Found int  // how many of its words were found; 0 means it is something else
	end   int  // index of the first word after the message
	Whole bool // it stands there word for word, as lines of its own
}

// Match reports whether a message begins at the word with the index from, and how much of it stands there.
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
