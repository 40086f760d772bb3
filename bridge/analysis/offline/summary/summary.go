// Package summary sums a conversation up without a model, by quoting what was said in it.
//
// What does not belong here: how numbers and moods are found (an analysis.Analyzer does), and all texts that need a model
// (bridge/analysis/openai).
package summary

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/bridge/analysis"
)

// How much a summary quotes.
const (
	mostExcerpt   = 200 // characters of a message
	mostQuestions = 3
	mostNumbers   = 8
	mostShort     = 3 // characters: "eh?" isn't a question worth quoting
)

// Write sums a conversation up by what was said in it: what was asked first and last, which questions are open,
// which numbers were named, how the customer feels. The last two are found by an Analyzer.
// All else that is asked for needs a model.
// Errors: analysis.ErrNeedsModel, the context's.
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

	customer, open := splitSides(r.Messages)
	if len(customer) == 0 {
		lines = []string{"- The customer has written nothing yet."}
		addPoint("Written to them", excerptOf(lastText(r.Messages, true)))
		return analysis.Text{Text: strings.Join(lines, "\n"), By: "offline"}, ctx.Err()
	}

	first, last := excerptOf(customer[0]), excerptOf(lastText(r.Messages, false))
	addPoint("Asked first", first)

	if last != first {
		addPoint("Written last", last)
	}

	addPoint("Answered last", excerptOf(lastText(r.Messages, true)))
	addPoint("Still open", questionsIn(open))
	all, err := a.Analyze(ctx, analysis.Question{Burst: customer})
	if err != nil {
		return analysis.Text{}, err
	}

	addPoint("Named", numbersNamed(all.References))
	now, err := a.Analyze(ctx, analysis.Question{Burst: customer[max(0, len(customer)-max(1, len(open))):]})
	if err == nil && now.Sentiment != analysis.Neutral {
		addPoint("Mood", string(now.Sentiment))
	}
	if len(lines) == 0 {
		lines = []string{"- The customer has sent files, and no words."}
	}

	return analysis.Text{Text: strings.Join(withoutRefused(r, lines), "\n"), By: "offline"}, err
}

// withoutRefused leaves out what the check of every text would refuse, so that it doesn't refuse the summary as a whole.
func withoutRefused(r analysis.Request, lines []string) []string {
	check := analysis.NewTextCheck(r)
	isRefused := func(text string) bool {
		_, err := check.Check(analysis.Text{Text: text})
		return err != nil
	}

	if !isRefused(strings.Join(lines, "\n")) {
		return lines
	}
	lines = slices.DeleteFunc(lines, isRefused)
	if len(lines) == 0 {
		return []string{"- The words can't be quoted."}
	}
	return lines
}

// splitSides returns what the customer wrote, and the part of it that nobody has answered.
func splitSides(messages []analysis.Message) (customer, open []analysis.Message) {
	for _, m := range messages {
		if m.FromAgent {
			open = nil
			continue
		}
		customer, open = append(customer, m), append(open, m)
	}
	return customer, open
}

// lastText returns the last message of one side; an empty one if there is none.
func lastText(messages []analysis.Message, fromAgent bool) analysis.Message {
	for _, m := range slices.Backward(messages) {
		if m.FromAgent == fromAgent && m.Text+m.Subject != "" {
			return m
		}
	}
	return analysis.Message{}
}

// excerptOf quotes the beginning of a message; "" if it has no words.
func excerptOf(m analysis.Message) string {
	words := plainWords(m.Text)
	subject := plainWords(m.Subject)
	if subject != "" && !strings.Contains(words, subject) {
		words = strings.TrimSpace(subject + ": " + words)
	}
	if words == "" {
		return ""
	}
	return "“" + shorten(words, mostExcerpt) + "”"
}

// questionsIn quotes the last questions in what nobody has answered.
func questionsIn(open []analysis.Message) string {
	var asked []string
	for _, m := range open {
		words := plainWords(m.Text)
		// Dots and question marks within a name end no sentence.
		masked := named.ReplaceAllStringFunc(words, func(name string) string { return strings.Repeat("x", len(name)) })
		for _, at := range question.FindAllStringIndex(masked, -1) {
			q := strings.TrimSpace(words[at[0]:at[1]])
			if utf8.RuneCountInString(q) > mostShort {
				asked = append(asked, "“"+shorten(q, mostExcerpt)+"”")
			}
		}
	}
	return strings.Join(asked[max(0, len(asked)-mostQuestions):], " ")
}

// numbersNamed lists references, the first ones.
func numbersNamed(found []analysis.Reference) string {
	var named []string
	for _, r := range found[:min(len(found), mostNumbers)] {
		named = append(named, r.Kind+" "+plainWords(r.Value))
	}
	return strings.Join(named, ", ")
}

var (
	question  = regexp.MustCompile(`[^.!?…\s][^.!?…]*\?`)
	linkText  = regexp.MustCompile(`!?\[([^\]]*)\]\s?\([^)]*\)?`)
	callsTeam = regexp.MustCompile(`(?i)(^|[^\pL\pN._%+-])@(\s*(?:here|channel|everyone|all|team|group))\b`)
	// A link, an address or another name with signs that elsewhere are emphasis or end a sentence, or a long number.
	named = regexp.MustCompile(`(?i)\S*(?:://|@|\bwww\.|[\pL\pN]_[\pL\pN]|[\pL\pN]\.\pL[\pL\pN.-]*[/?#:])\S*[^\s.,;:!?…]|` +
		`[+(]?\d(?:[ ().\-/]{0,3}\d){6,}`)
)

// plainWords returns the words of a message on one line, without what a chat could take for a link with another name, for
// a tag, for emphasis or for a call to people. Names stay as they are, but for brackets.
func plainWords(s string) string {
	s = linkText.ReplaceAllString(s, "$1")
	s = strings.NewReplacer("<", "‹", ">", "›", "[", "(", "]", ")").Replace(s)
	s = strings.Join(strings.Fields(s), " ")
	emphasis := strings.NewReplacer("*", "", "_", " ", "`", "", "\\", "")
	var b strings.Builder
	end := 0
	for _, at := range named.FindAllStringIndex(s, -1) {
		b.WriteString(emphasis.Replace(s[end:at[0]]) + s[at[0]:at[1]])
		end = at[1]
	}

	b.WriteString(emphasis.Replace(s[end:]))
	s = callsTeam.ReplaceAllString(b.String(), "${1}at $2")
	return strings.Join(strings.Fields(s), " ")
}

// shorten cuts a text at a word, and before a name that would be cut.
func shorten(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}

	end := len(string([]rune(s)[:most]))
	if at := strings.LastIndexByte(s[:end], ' '); at > end/2 {
		end = at
	}
	for _, at := range named.FindAllStringIndex(s, -1) {
		if at[0] < end && end < at[1] {
			end = at[0]
		}
	}

	return strings.TrimSpace(strings.TrimSpace(s[:end]) + " …")
}
