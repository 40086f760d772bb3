package analysis

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// A model writes texts when an agent asks for them: it translates or rephrases an agent's draft, summarises a conversation
// or answers a question about it. CheckText checks such a text before anybody sees it. For example, a summary may contain
// a link from the conversation, but no other link.

// Maximum lengths of texts, in characters.
const (
	MostDraft  = 4000 // a draft to be translated or rephrased
	maxWritten = 6000 // a translation or a rephrased draft, which may be sent to a customer
	maxSummary = 2000 // a summary or an answer to a question, which only colleagues read
)

// ErrLeftOut is returned for a text that must not be shown. Errors that wrap it say why, without quoting the text.
var ErrLeftOut = errors.New("analysis: the text was left out")

// ErrTooLong is an ErrLeftOut for a text that is too long.
var ErrTooLong = fmt.Errorf("%w: it is too long", ErrLeftOut)

// CheckText returns a text without its invisible characters. It rejects a text that
//   - is empty or too long,
//   - mentions people in a chat,
//   - contains markup, or fields and markers of a model's protocol, or
//   - contains links, email addresses or long numbers that weren't in the request (see requestText).
//
// It adds nothing, and checking a text twice is the same as checking it once. It has no side effects.
// Errors: ErrLeftOut, of which one is ErrTooLong.
func CheckText(r Request, t Text) (Text, error) { return NewTextCheck(r).Check(t) }

// TextCheck is CheckText for several texts of one request. It analyses the request only once, which takes most of the
// time. It is safe for concurrent use.
type TextCheck struct {
	task       Task
	request    string     // see requestText
	vocabulary vocabulary // of request
}

// NewTextCheck prepares the check of texts that were written for a request.
func NewTextCheck(r Request) *TextCheck {
	c := &TextCheck{task: r.Task, request: requestText(r), vocabulary: emptyVocabulary()}
	c.vocabulary.add(c.request)
	return c
}

// Check does the same as CheckText. Errors: ErrLeftOut.
func (c *TextCheck) Check(t Text) (Text, error) {
	t.Text = strings.TrimSpace(cleanText(t.Text))
	maxRunes := maxWritten
	isForColleagues := c.task == Summarise || c.task == Explain
	if isForColleagues {
		maxRunes = maxSummary
	}

	text := plain(t.Text)
	switch {
	case t.Text == "":
		return Text{}, leftOut("it is empty")
	case utf8.RuneCountInString(t.Text) > maxRunes:
		return Text{}, fmt.Errorf("%w: it has more than %d characters", ErrTooLong, maxRunes)
	case hasMention(t.Text):
		return Text{}, leftOut("it mentions people")
	case hasNewMarkup(text, c.request):
		return Text{}, leftOut("it has what only machines write")
	case isForColleagues && compiled().markdownLink.MatchString(text):
		return Text{}, leftOut("it hides a link behind words")
	case !c.vocabulary.covers(text):
		return Text{}, leftOut("it names a link, an address or a number that nobody named")
	}

	return t, nil
}

func leftOut(why string) error { return fmt.Errorf("%w: %s", ErrLeftOut, why) }

// requestText returns the text, in plain form, that links, addresses and numbers may be taken from. For a translation or
// a rephrasing it is only the draft, since the result may be sent to the customer. For other tasks it is the question and
// the conversation.
func requestText(r Request) string {
	if r.Task == Translate || r.Task == Rephrase {
		return plain(r.Draft)
	}
	texts := []string{r.Wish}
	for _, m := range r.Messages {
		texts = append(texts, messageText(m))
	}
	return plain(strings.Join(texts, textBreak))
}

// hasNewMarkup reports whether a text contains HTML tags, model markers, JSON fields or long hexadecimal numbers that
// aren't in the request.
func hasNewMarkup(text, request string) bool {
	c := compiled()
	for _, exp := range []*regexp.Regexp{c.tag, c.machine, c.longHex} {
		for _, found := range exp.FindAllString(text, -1) {
			if !strings.Contains(request, found) {
				return true
			}
		}
	}
	return false
}
