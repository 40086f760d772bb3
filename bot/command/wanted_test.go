package command

import (
	"reflect"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/analysis"
)

// What may be asked for, and in which words.
func TestWanted(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]struct {
		wanted bridge.WantedText
		text   string
	}{
		"!ai":                              {wanted: bridge.WantedText{Task: analysis.Summarise}},
		"!ai:":                             {wanted: bridge.WantedText{Task: analysis.Summarise}},
		"!AI Summarise":                    {wanted: bridge.WantedText{Task: analysis.Summarise}},
		"!ai summarise in German":          {wanted: bridge.WantedText{Task: analysis.Summarise, Language: "de"}},
		"!summary":                         {wanted: bridge.WantedText{Task: analysis.Summarise}},
		"!summarize in polski":             {wanted: bridge.WantedText{Task: analysis.Summarise, Language: "pl"}},
		"!summary about the order":         {bridge.WantedText{Task: analysis.Explain}, "about the order"},
		"!ai translate":                    {wanted: bridge.WantedText{Task: analysis.Translate}},
		"!translate to German":             {wanted: bridge.WantedText{Task: analysis.Translate, Language: "de"}},
		"!translate into de":               {wanted: bridge.WantedText{Task: analysis.Translate, Language: "de"}},
		"!ai translate to German: Hi: ho":  {bridge.WantedText{Task: analysis.Translate, Language: "de"}, "Hi: ho"},
		"!ai translate German: Hi":         {bridge.WantedText{Task: analysis.Translate, Language: "de"}, "Hi"},
		"!ai translate: Your order: 4711":  {bridge.WantedText{Task: analysis.Translate}, "Your order: 4711"},
		"!translate We are sorry":          {bridge.WantedText{Task: analysis.Translate}, "We are sorry"},
		"!translate to be or not to be":    {bridge.WantedText{Task: analysis.Translate}, "to be or not to be"},
		"!ai translate to German:\nHi\nho": {bridge.WantedText{Task: analysis.Translate, Language: "de"}, "Hi\nho"},
		"!ai shorter: We are very sorry":   {bridge.WantedText{Task: analysis.Rephrase, Style: "shorter"}, "We are very sorry"},
		"!ai friendlier: No.":              {bridge.WantedText{Task: analysis.Rephrase, Style: "friendlier"}, "No."},
		"!ai shorter":                      {wanted: bridge.WantedText{Task: analysis.Rephrase, Style: "shorter"}},
		"!shorten We are very sorry":       {bridge.WantedText{Task: analysis.Rephrase, Style: "shorter"}, "We are very sorry"},
		"!ai shorter than what?":           {bridge.WantedText{Task: analysis.Explain}, "shorter than what?"},
		"!ai what did she order?":          {bridge.WantedText{Task: analysis.Explain}, "what did she order?"},
		"!ai ¿qué pidió?":                  {bridge.WantedText{Task: analysis.Explain}, "¿qué pidió?"},
	} {
		got := Parse(typed, team)
		if got.Verb != bridge.VerbAI || got.Err != "" || got.Args.Wanted == nil || *got.Args.Wanted != want.wanted || got.Text != want.text {
			t.Errorf("%q: %+v %+v", typed, got, got.Args.Wanted)
		}
	}
	for _, typed := range []string{"!ai translate to Klingon: Hi", "!translate into Klingon"} {
		if got := Parse(typed, team); got.Verb != bridge.VerbUnknown || !strings.Contains(got.Err, "Klingon") {
			t.Errorf("%q: %+v", typed, got)
		}
	}
	for _, slip := range []string{"summary", "Translate", "ai"} {
		if got := Parse(slip, team); got.Verb != bridge.VerbSay || got.Marker != bridge.MarkLone {
			t.Errorf("%q: %+v", slip, got)
		}
	}
	want := Parsed{Verb: bridge.VerbAI, Marker: bridge.MarkSlash, Args: bridge.Args{Conversation: 12, Wanted: &bridge.WantedText{Task: analysis.Explain}}, Text: "did order #13 come?"}
	if got := Slash("parley", "ai #12 did order #13 come?", team); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}
