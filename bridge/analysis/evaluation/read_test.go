package evaluation

import (
	"strings"
	"testing"

	"parley/bridge/analysis"
)

const good = `{"id":"a","language":"en","subject":"Order 7","text":"Where is it? We open at nine.","sentiment":"urgent",` +
	`"urgent":true,"because":"We open at nine","intents":["order_status"],"references":[{"kind":"order","value":"7"}],"hard":["irony"],` +
	`"before":[{"from":"agent","text":"Hello"}]}`

// TestRead reads a line with all fields, one with those alone that have to be there, and a burst.
func TestRead(t *testing.T) {
	t.Parallel()
	messages, err := Read("mine", strings.NewReader(good+"\n\n"+
		`{"language":"","text":"Hej","sentiment":"neutral","urgent":false,"intents":[]}`+"\n"+
		`{"language":"pl","texts":["no","i co"],"sentiment":"frustrated","urgent":false,"intents":["order_status","complaint"]}`))
	if err != nil {
		t.Fatal(err)
	}
	if len(messages) != 3 || messages[1].ID != "line 3" || len(messages[2].Texts) != 2 {
		t.Fatalf("%+v", messages)
	}
	q := messages[0].Question(analysis.Desk{Language: "en"})
	if len(q.Burst) != 1 || q.Burst[0].Subject != "Order 7" || q.Burst[0].Text != "Where is it? We open at nine." ||
		len(q.Before) != 1 || !q.Before[0].FromAgent || q.Desk.Language != "en" {
		t.Errorf("%+v", q)
	}
	if q := messages[2].Question(analysis.Desk{}); len(q.Burst) != 2 || q.Burst[1].Text != "i co" {
		t.Errorf("%+v", q)
	}
}

// TestReadNamesFaults: whoever labels own messages hears which line and which field is wrong.
func TestReadNamesFaults(t *testing.T) {
	t.Parallel()
	replaced := func(old, by string) string { return strings.Replace(good, old, by, 1) }
	for _, c := range []struct{ line, says string }{
		{"hello", "mine, line 1, no JSON: "},
		{replaced(`"en"`, `7`), "mine, line 1, field language: is a number, and can't be"},
		{replaced(`"sentiment"`, `"mood"`), "field mood: is not known"},
		{good + good, "a line holds one message"},
		{replaced(`"text":`, `"texts":["x"],"text":`), "field text: give either text"},
		{replaced(`"Where is it? We open at nine."`, `""`), "field text: is missing"},
		{`{"texts":["a"," "],"language":"en","sentiment":"neutral","urgent":false,"intents":[]}`, "field texts: number 2 is empty"},
		{replaced(`"language":"en",`, ``), "field language: is missing"},
		{replaced(`"sentiment":"urgent",`, ``), "field sentiment: is missing"},
		{replaced(`"urgent":true,`, ``), "field urgent: is missing"},
		{replaced(`"intents":["order_status"],`, ``), "field intents: is missing; [] stands for none"},
		{replaced(`"en"`, `"english"`), `field language: "english" is no code of two letters`},
		{replaced(`"sentiment":"urgent"`, `"sentiment":"angry"`), `field sentiment: "angry" is none of positive, neutral`},
		{replaced(`"urgent":true`, `"urgent":false`), "field because: there is a reason, but the message isn't urgent"},
		{replaced(`"We open at nine",`, `"We open at ten",`), `field because: "We open at ten" is no part of the text`},
		{replaced(`"because":"We open`, `"because":"`+strings.Repeat("x", 121)), "field because: is longer than 120 characters"},
		{replaced(`["order_status"]`, `["order"]`), `field intents: "order" is none of product, quote`},
		{replaced(`["order_status"]`, `["thanks","thanks"]`), `field intents: "thanks" is there twice`},
		{replaced(`["order_status"]`, `["thanks","quote","return"]`), "field intents: there are 3, and at most 2"},
		{replaced(`"value":"7"`, `"value":"8"`), `field references: "8" is no part of the text`},
		{replaced(`"value":"7"`, `"value":""`), "field references: number 1 has no kind or no value"},
		{replaced(`[{"kind"`, `[{"kind":"order","value":"7"},{"kind"`), `field references: "7" is there twice`},
		{replaced(`"from":"agent"`, `"from":"bot"`), `field before: from is "bot", and not agent or customer`},
		{good + "\n" + good, `mine, line 2, field id: "a" is that of line 1, too`},
		{"", "mine has no messages"},
		{strings.Repeat("x", mostLine+1), "mine, line 1: "},
	} {
		if _, err := Read("mine", strings.NewReader(c.line)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%.200s\n%v\nwanted: %s", c.line, err, c.says)
		}
	}
}

// TestReadTellsManyFaults: not only the first one, and not a thousand.
func TestReadTellsManyFaults(t *testing.T) {
	t.Parallel()
	_, err := Read("mine", strings.NewReader(strings.Repeat("x\n", 1000)))
	if n := strings.Count(err.Error(), "\n") + 1; n != mostFaults {
		t.Errorf("%d faults are told, want %d", n, mostFaults)
	}
	if _, err := Ours("third"); err == nil {
		t.Error("a half that isn't there was given")
	}
}
