package command

import (
	"testing"

	"parley/bridge"
	"parley/bridge/analysis"
)

// A model can be asked for a summary, a translation, other words for a text, or an answer to a question.
func TestAskModel(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]struct {
		asked bridge.WantedText
		text  string
	}{
		"!ai":                              {asked: bridge.WantedText{Task: analysis.Summarise}},
		"!ai:":                             {asked: bridge.WantedText{Task: analysis.Summarise}},
		"!AI Summarise":                    {asked: bridge.WantedText{Task: analysis.Summarise}},
		"!ai summarise in German":          {asked: bridge.WantedText{Task: analysis.Summarise, Language: "de"}},
		"!summary":                         {asked: bridge.WantedText{Task: analysis.Summarise}},
		"!summarize in polski":             {asked: bridge.WantedText{Task: analysis.Summarise, Language: "pl"}},
		"!summary about the order":         {asked: bridge.WantedText{Task: analysis.Explain}, text: "about the order"},
		"!ai translate":                    {asked: bridge.WantedText{Task: analysis.Translate}},
		"!translate to German":             {asked: bridge.WantedText{Task: analysis.Translate, Language: "de"}},
		"!translate into de":               {asked: bridge.WantedText{Task: analysis.Translate, Language: "de"}},
		"!ai translate to German: Hi: ho":  {asked: bridge.WantedText{Task: analysis.Translate, Language: "de"}, text: "Hi: ho"},
		"!ai translate German: Hi":         {asked: bridge.WantedText{Task: analysis.Translate, Language: "de"}, text: "Hi"},
		"!ai translate: Your order: 4711":  {asked: bridge.WantedText{Task: analysis.Translate}, text: "Your order: 4711"},
		"!translate We are sorry":          {asked: bridge.WantedText{Task: analysis.Translate}, text: "We are sorry"},
		"!translate to be or not to be":    {asked: bridge.WantedText{Task: analysis.Translate}, text: "to be or not to be"},
		"!ai translate to German:\nHi\nho": {asked: bridge.WantedText{Task: analysis.Translate, Language: "de"}, text: "Hi\nho"},
		"!ai shorter: We are very sorry":   {asked: bridge.WantedText{Task: analysis.Rephrase, Style: "shorter"}, text: "We are very sorry"},
		"!ai friendlier: No.":              {asked: bridge.WantedText{Task: analysis.Rephrase, Style: "friendlier"}, text: "No."},
		"!ai shorter":                      {asked: bridge.WantedText{Task: analysis.Rephrase, Style: "shorter"}},
		"!shorten We are very sorry":       {asked: bridge.WantedText{Task: analysis.Rephrase, Style: "shorter"}, text: "We are very sorry"},
		"!ai shorter than what?":           {asked: bridge.WantedText{Task: analysis.Explain}, text: "shorter than what?"},
		"!ai what did she order?":          {asked: bridge.WantedText{Task: analysis.Explain}, text: "what did she order?"},
		"!ai ¿qué pidió?":                  {asked: bridge.WantedText{Task: analysis.Explain}, text: "¿qué pidió?"},
	} {
		got := Parse(typed, team)
		wantText(t, typed, got, bridge.VerbAI, bridge.MarkBang, want.text)
		if got.Args.Wanted == nil || *got.Args.Wanted != want.asked {
			t.Errorf("%q: asks for %+v, want %+v", typed, got.Args.Wanted, want.asked)
		}
		if got.Err != "" {
			t.Errorf("%q: got the question %q, want none", typed, got.Err)
		}
	}
}

func TestAskModelForAnUnknownLanguage(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{"!ai translate to Klingon: Hi", "!translate into Klingon"} {
		wantUnknown(t, typed, Parse(typed, team), "Klingon")
	}
}

// Without their sign these commands may be a slip, or a text.
func TestAskModelWithoutASign(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{"summary", "Translate", "ai"} {
		wantText(t, typed, Parse(typed, team), bridge.VerbSay, bridge.MarkLone, typed)
	}
}

// Of the numbers in a question only the first says which conversation it is about.
func TestAskModelAboutAConversation(t *testing.T) {
	t.Parallel()
	const typed = "ai #12 did order #13 come?"
	args := bridge.Args{Conversation: 12, Wanted: &bridge.WantedText{Task: analysis.Explain}}
	want := Parsed{Verb: bridge.VerbAI, Marker: bridge.MarkSlash, Args: args, Text: "did order #13 come?"}
	wantParsed(t, typed, Slash("parley", typed, team), want)
}
