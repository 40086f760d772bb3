package evaluation

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge/analysis"
)

// good is a line with all fields.
const good = `{"id":"a","language":"en","subject":"Order 7","text":"Where is it? We open at nine.","sentiment":"urgent",` +
	`"urgent":true,"because":"We open at nine","intents":["order_status"],"references":[{"kind":"order","value":"7"}],"hard":["irony"],` +
	`"before":[{"from":"agent","text":"Hello"}]}`

// goodWith returns good with the first old part replaced by another one.
func goodWith(old, by string) string { return strings.Replace(good, old, by, 1) }

// readLines reads lines, which must have no fault.
func readLines(t *testing.T, lines ...string) []Message {
	t.Helper()
	messages, err := Read("mine", strings.NewReader(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

// A line becomes a question with its text, the messages before it, and the given desk.
func TestReadLineWithAllFields(t *testing.T) {
	t.Parallel()
	messages := readLines(t, good)
	if len(messages) != 1 {
		t.Fatalf("got %d messages, want 1: %+v", len(messages), messages)
	}

	q := messages[0].Question(analysis.Desk{Language: "en"})
	if len(q.Burst) != 1 {
		t.Fatalf("got %d messages of the burst, want 1: %+v", len(q.Burst), q.Burst)
	}
	if got, want := q.Burst[0].Subject, "Order 7"; got != want {
		t.Errorf("subject: got %q, want %q", got, want)
	}
	if got, want := q.Burst[0].Text, "Where is it? We open at nine."; got != want {
		t.Errorf("text: got %q, want %q", got, want)
	}
	if len(q.Before) != 1 {
		t.Fatalf("got %d messages before, want 1: %+v", len(q.Before), q.Before)
	}
	if !q.Before[0].FromAgent {
		t.Errorf("the message before is the customer's, want the agent's: %+v", q.Before[0])
	}
	if got, want := q.Desk.Language, "en"; got != want {
		t.Errorf("language of the desk: got %q, want %q", got, want)
	}
}

// Some editors, such as Notepad, begin a file with a byte order mark.
func TestReadFileWithByteOrderMark(t *testing.T) {
	t.Parallel()
	if messages := readLines(t, "\ufeff"+good); len(messages) != 1 {
		t.Errorf("got %d messages, want 1", len(messages))
	}
}

// A message without an id is named by the number of its line, and empty lines count, too. Only the five fields of the
// last line are required.
func TestReadLineWithoutID(t *testing.T) {
	t.Parallel()
	messages := readLines(t,
		good,
		"",
		`{"language":"","text":"Hej","sentiment":"neutral","urgent":false,"intents":[]}`,
	)
	if len(messages) != 2 {
		t.Fatalf("got %d messages, want 2: %+v", len(messages), messages)
	}
	if got, want := messages[1].ID, "line 3"; got != want {
		t.Errorf("id of the second message: got %q, want %q", got, want)
	}
}

// A line with several texts is a burst.
func TestReadBurst(t *testing.T) {
	t.Parallel()
	messages := readLines(t,
		`{"language":"pl","texts":["no","i co"],"sentiment":"frustrated","urgent":false,"intents":["order_status","complaint"]}`)
	if len(messages) != 1 {
		t.Fatalf("got %d messages, want 1: %+v", len(messages), messages)
	}
	if want := []string{"no", "i co"}; !slices.Equal(messages[0].Texts, want) {
		t.Errorf("texts: got %q, want %q", messages[0].Texts, want)
	}
	burst := messages[0].Question(analysis.Desk{}).Burst
	if len(burst) != 2 {
		t.Fatalf("got %d messages of the burst, want 2: %+v", len(burst), burst)
	}
	if got, want := burst[1].Text, "i co"; got != want {
		t.Errorf("second message of the burst: got %q, want %q", got, want)
	}
}

// The error for a faulty line names the line and the field.
func TestReadNamesFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		line string
		want string // a part of the error
	}{
		{name: "no JSON", line: "hello", want: "mine, line 1, no JSON: "},
		{
			name: "a field of another type",
			line: goodWith(`"en"`, `7`),
			want: "mine, line 1, field language: is a number, and can't be",
		},
		{
			name: "a field that there isn't",
			line: goodWith(`"sentiment"`, `"mood"`),
			want: "field mood: is not known",
		},
		{name: "two messages in a line", line: good + good, want: "a line holds one message"},
		{
			name: "a text and texts",
			line: goodWith(`"text":`, `"texts":["x"],"text":`),
			want: "field text: give either text",
		},
		{
			name: "an empty text",
			line: goodWith(`"Where is it? We open at nine."`, `""`),
			want: "field text: is missing",
		},
		{
			name: "an empty one of several texts",
			line: `{"texts":["a"," "],"language":"en","sentiment":"neutral","urgent":false,"intents":[]}`,
			want: "field texts: number 2 is empty",
		},
		{
			name: "no language",
			line: goodWith(`"language":"en",`, ``),
			want: "field language: is missing",
		},
		{
			name: "no sentiment",
			line: goodWith(`"sentiment":"urgent",`, ``),
			want: "field sentiment: is missing",
		},
		{
			name: "no urgency",
			line: goodWith(`"urgent":true,`, ``),
			want: "field urgent: is missing",
		},
		{
			name: "no intents",
			line: goodWith(`"intents":["order_status"],`, ``),
			want: "field intents: is missing; [] stands for none",
		},
		{
			name: "no code of a language",
			line: goodWith(`"en"`, `"english"`),
			want: `field language: "english" isn't a code of two letters`,
		},
		{
			name: "a sentiment that there isn't",
			line: goodWith(`"sentiment":"urgent"`, `"sentiment":"angry"`),
			want: `field sentiment: "angry" is none of positive, neutral`,
		},
		{
			name: "a reason for what isn't urgent",
			line: goodWith(`"urgent":true`, `"urgent":false`),
			want: "field because: there is a reason, but the message isn't urgent",
		},
		{
			name: "a reason that the text doesn't have",
			line: goodWith(`"We open at nine",`, `"We open at ten",`),
			want: `field because: "We open at ten" isn't part of the text`,
		},
		{
			name: "a reason that is too long",
			line: goodWith(`"because":"We open`, `"because":"`+strings.Repeat("x", 121)),
			want: "field because: is longer than 120 characters",
		},
		{
			name: "an intent that there isn't",
			line: goodWith(`["order_status"]`, `["order"]`),
			want: `field intents: "order" is none of product, quote`,
		},
		{
			name: "an intent twice",
			line: goodWith(`["order_status"]`, `["thanks","thanks"]`),
			want: `field intents: "thanks" is there twice`,
		},
		{
			name: "too many intents",
			line: goodWith(`["order_status"]`, `["thanks","quote","return"]`),
			want: "field intents: there are 3, and at most 2",
		},
		{
			name: "a reference that the text doesn't have",
			line: goodWith(`"value":"7"`, `"value":"8"`),
			want: `field references: "8" isn't part of the text`,
		},
		{
			name: "a reference without a value",
			line: goodWith(`"value":"7"`, `"value":""`),
			want: "field references: number 1 has no kind or no value",
		},
		{
			name: "a reference twice",
			line: goodWith(`[{"kind"`, `[{"kind":"order","value":"7"},{"kind"`),
			want: `field references: "7" is there twice`,
		},
		{
			name: "a former message by somebody else",
			line: goodWith(`"from":"agent"`, `"from":"bot"`),
			want: `field before: from is "bot", and not agent or customer`,
		},
		{
			name: "an id twice",
			line: good + "\n" + good,
			want: `mine, line 2, field id: "a" is that of line 1, too`,
		},
		{name: "no messages", line: "", want: "mine has no messages"},
		{name: "a line that is too long", line: strings.Repeat("x", maxLineBytes+1), want: "mine, line 1: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Read("mine", strings.NewReader(tt.line))
			if err == nil {
				t.Fatalf("%.200s was read, want an error with %q", tt.line, tt.want)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%.200s:\ngot the error %v\nwant %q in it", tt.line, err, tt.want)
			}
		})
	}
}

// The error for a file with 1000 faults names only the first maxFaults of them.
func TestReadTellsManyFaults(t *testing.T) {
	t.Parallel()
	_, err := Read("mine", strings.NewReader(strings.Repeat("x\n", 1000)))
	if err == nil {
		t.Fatal("1000 lines with faults were read, want an error")
	}
	if got := strings.Count(err.Error(), "\n") + 1; got != maxFaults {
		t.Errorf("%d faults are told, want %d", got, maxFaults)
	}
}

func TestUnknownSetIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := ReadSet("third"); err == nil {
		t.Error("a set that there isn't was read, want an error")
	}
}
