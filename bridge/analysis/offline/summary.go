package offline

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/bridge/analysis"
)

// The limits of a summary.
const (
	maxExcerpt   = 200 // characters of a message
	maxQuestions = 3
	maxNumbers   = 8
	minQuestion  = 4 // characters; "eh?" isn't worth quoting
)

// Write summarises a conversation: the customer's first and last message, the last answer, open questions, the numbers that
// were mentioned, and the customer's mood. It supports only the task Summarise.
// Errors: analysis.ErrNeedsModel for other tasks, the context's.
func Write(ctx context.Context, a analysis.Analyzer, r analysis.Request) (analysis.Text, error) {
	if r.Task != analysis.Summarise {
		return analysis.Text{}, analysis.ErrNeedsModel
	}

	var lines []string
	addPoint := func(name, text string) {
		if text != "" {
			lines = append(lines, "- **"+name+":** "+text)
		}
	}

	customer, unanswered := customerMessages(r.Messages)
	lastAnswer := excerptOf(lastMessage(r.Messages, isFromAgent))
	if len(customer) == 0 {
		lines = []string{"- The customer has written nothing yet."}
		addPoint("Written to them", lastAnswer)
		return analysis.Text{Text: strings.Join(lines, "\n"), By: "offline"}, ctx.Err()
	}

	first, last := excerptOf(customer[0]), excerptOf(lastMessage(r.Messages, isFromCustomer))
	addPoint("Asked first", first)
	if last != first {
		addPoint("Written last", last)
	}

	addPoint("Answered last", lastAnswer)
	addPoint("Still open", questionsIn(unanswered))
	whole, err := a.Analyze(ctx, analysis.Question{Burst: customer})
	if err != nil {
		return analysis.Text{}, err
	}
	addPoint("Named", listReferences(whole.References))

	// The mood is that of the unanswered messages, or else of the last one.
	recent := customer[len(customer)-max(1, len(unanswered)):]
	current, err := a.Analyze(ctx, analysis.Question{Burst: recent})
	if err == nil && current.Sentiment != analysis.Neutral {
		addPoint("Mood", string(current.Sentiment))
	}
	if len(lines) == 0 {
		lines = []string{"- The customer has sent files, and no words."}
	}

	return analysis.Text{Text: strings.Join(removeRejected(r, lines), "\n"), By: "offline"}, err
}

// removeRejected removes the lines that analysis.CheckText would reject, since it would reject the summary as a whole.
func removeRejected(r analysis.Request, lines []string) []string {
	check := analysis.NewTextCheck(r)
	isRejected := func(text string) bool {
		_, err := check.Check(analysis.Text{Text: text})
		return err != nil
	}

	if !isRejected(strings.Join(lines, "\n")) {
		return lines
	}
	lines = slices.DeleteFunc(lines, isRejected)
	if len(lines) == 0 {
		return []string{"- The words can't be quoted."}
	}
	return lines
}

// customerMessages returns all messages of the customer, and those since the last message of an agent.
func customerMessages(messages []analysis.Message) (all, unanswered []analysis.Message) {
	for _, m := range messages {
		if m.FromAgent {
			unanswered = nil
			continue
		}
		all, unanswered = append(all, m), append(unanswered, m)
	}
	return all, unanswered
}

// The sides of a conversation, for lastMessage.
const (
	isFromAgent    = true
	isFromCustomer = false
)

// lastMessage returns the last message with words from one side, or an empty one.
func lastMessage(messages []analysis.Message, fromAgent bool) analysis.Message {
	for _, m := range slices.Backward(messages) {
		if m.FromAgent == fromAgent && m.Text+m.Subject != "" {
			return m
		}
	}
	return analysis.Message{}
}

// excerptOf returns the beginning of a message in quotation marks, or "" if it has no words.
func excerptOf(m analysis.Message) string {
	words := plainWords(m.Text)
	subject := plainWords(m.Subject)
	if subject != "" && !strings.Contains(words, subject) {
		words = strings.TrimSpace(subject + ": " + words)
	}
	if words == "" {
		return ""
	}
	return "“" + shorten(words, maxExcerpt) + "”"
}

// questionsIn returns the last questions of some messages, each in quotation marks.
func questionsIn(messages []analysis.Message) string {
	var questions []string
	for _, m := range messages {
		words := plainWords(m.Text)
		// Dots and question marks in a link don't end a sentence.
		masked := verbatim.ReplaceAllStringFunc(words, func(name string) string { return strings.Repeat("x", len(name)) })
		for _, at := range question.FindAllStringIndex(masked, -1) {
			q := strings.TrimSpace(words[at[0]:at[1]])
			if utf8.RuneCountInString(q) >= minQuestion {
				questions = append(questions, "“"+shorten(q, maxExcerpt)+"”")
			}
		}
	}
	return strings.Join(questions[max(0, len(questions)-maxQuestions):], " ")
}

// listReferences returns the first references as "order 4711, invoice RG-1183".
func listReferences(references []analysis.Reference) string {
	var listed []string
	for _, r := range references[:min(len(references), maxNumbers)] {
		listed = append(listed, r.Kind+" "+plainWords(r.Value))
	}
	return strings.Join(listed, ", ")
}

var (
	question     = regexp.MustCompile(`[^.!?…\s][^.!?…]*\?`)
	markdownLink = regexp.MustCompile(`!?\[([^\]]*)\]\s?\([^)]*\)?`)
	mention      = regexp.MustCompile(`(?i)(^|[^\pL\pN._%+-])@(\s*(?:here|channel|everyone|all|team|group))\b`)
	// Text that must not be changed: links, email addresses, names with underscores or dots, and long numbers.
	verbatim = regexp.MustCompile(`(?i)\S*(?:://|@|\bwww\.|[\pL\pN]_[\pL\pN]|[\pL\pN]\.\pL[\pL\pN.-]*[/?#:])\S*[^\s.,;:!?…]|` +
		`[+(]?\d(?:[ ().\-/]{0,3}\d){6,}`)
)

// plainWords returns a message on one line without markup: no Markdown links, tags, emphasis or mentions. Links and email
// addresses are kept, except that their brackets are replaced.
func plainWords(s string) string {
	s = markdownLink.ReplaceAllString(s, "$1")
	s = strings.NewReplacer("<", "‹", ">", "›", "[", "(", "]", ")").Replace(s)
	s = strings.Join(strings.Fields(s), " ")
	emphasis := strings.NewReplacer("*", "", "_", " ", "`", "", "\\", "")
	var b strings.Builder
	done := 0
	for _, at := range verbatim.FindAllStringIndex(s, -1) {
		from, to := at[0], at[1]
		b.WriteString(emphasis.Replace(s[done:from]) + s[from:to])
		done = to
	}

	b.WriteString(emphasis.Replace(s[done:]))
	s = mention.ReplaceAllString(b.String(), "${1}at $2")
	return strings.Join(strings.Fields(s), " ")
}

// shorten cuts a text to a maximum number of characters, preferably at a space, and never within a link.
func shorten(s string, maxRunes int) string {
	if utf8.RuneCountInString(s) <= maxRunes {
		return s
	}

	end := len(string([]rune(s)[:maxRunes]))
	if space := strings.LastIndexByte(s[:end], ' '); space > end/2 {
		end = space
	}
	for _, at := range verbatim.FindAllStringIndex(s, -1) {
		from, to := at[0], at[1]
		if from < end && end < to {
			end = from
		}
	}

	return strings.TrimSpace(strings.TrimSpace(s[:end]) + " …")
}
