package analysis

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// How long a text on request may be, in characters.
const (
	MostDraft  = 4000 // what is to be translated or rephrased
	maxWritten = 6000 // what may be sent to a customer: a translation, another wording
	maxSummary = 2000 // what only colleagues read: a summary, an answer to a question
)

// ErrLeftOut is what CheckText says of a text that nobody may be shown; it is wrapped with why, in words that quote
// nothing of it.
var ErrLeftOut = errors.New("analysis: the text was left out")

// CheckText returns a text as people may be shown it: without what is not seen. It refuses a text, whoever wrote it, that
//   - is empty or too long,
//   - would call people in a chat,
//   - has what only machines write, or
//   - names links, mail addresses or long numbers that nobody gave (givenText).
//
// It adds nothing, and checking twice changes nothing more. Pure.
// Errors: ErrLeftOut.
func CheckText(r Request, t Text) (Text, error) { return NewTextCheck(r).Check(t) }

// TextCheck is CheckText for several texts of one request: reading what was given takes nearly all of its time.
type TextCheck struct {
	task  Task
	given string     // see givenText
	names vocabulary // of given
}

// NewTextCheck reads what was given for a request.
func NewTextCheck(r Request) *TextCheck {
	c := &TextCheck{task: r.Task, given: givenText(r), names: emptyVocabulary()}
	c.names.add(c.given)
	return c
}

// Check is CheckText. Errors: ErrLeftOut.
func (c *TextCheck) Check(t Text) (Text, error) {
	t.Text = strings.TrimSpace(cleanText(t.Text))
	maxRunes := maxWritten
	isForColleagues := c.task == Summarise || c.task == Explain
	if isForColleagues {
		maxRunes = maxSummary
	}

	look := plain(t.Text)
	switch {
	case t.Text == "":
		return Text{}, leftOut("it is empty")
	case utf8.RuneCountInString(t.Text) > maxRunes:
		return Text{}, leftOut(fmt.Sprintf("it has more than %d characters", maxRunes))
	case hasMention(t.Text):
		return Text{}, leftOut("it mentions people")
	case saysMachine(look, c.given):
		return Text{}, leftOut("it has what only machines write")
	case isForColleagues && compiled().markdownLink.MatchString(look):
		return Text{}, leftOut("it hides a link behind words")
	case !c.names.isEnoughFor(look):
		return Text{}, leftOut("it names a link, an address or a number that nobody named")
	}

	return t, nil
}

func leftOut(why string) error { return fmt.Errorf("%w: %s", ErrLeftOut, why) }

// givenText is all that a Writer may take names from, plain: the question and the conversation, or where a draft is written
// in other words, the draft alone, since the new text may be sent.
func givenText(r Request) string {
	if r.Task == Translate || r.Task == Rephrase {
		return plain(r.Draft)
	}
	texts := []string{r.Wish}
	for _, m := range r.Messages {
		texts = append(texts, messageText(m))
	}
	return plain(strings.Join(texts, textBreak))
}

// saysMachine reports whether a text has tags, markers or fields of machines that were not in what was given.
func saysMachine(look, given string) bool {
	c := compiled()
	return slices.ContainsFunc([]*regexp.Regexp{c.tag, c.machine, c.longHex}, func(rule *regexp.Regexp) bool {
		return slices.ContainsFunc(rule.FindAllString(look, -1), func(found string) bool { return !strings.Contains(given, found) })
	})
}
