package command

import (
	"testing"

	"parley/bridge"
	"parley/bridge/analysis"
)

// wantAsked checks what a typed command asks a model for, and with which text.
func wantAsked(t *testing.T, typed string, asked bridge.TextRequest, text string) {
	t.Helper()
	got := Parse(typed, team)
	wantText(t, typed, got, bridge.VerbAI, bridge.MarkBang, text)
	if got.Err != "" {
		t.Errorf("%q: got the question %q, want none", typed, got.Err)
	}
	if got.Args.TextRequest == nil {
		t.Errorf("%q: asks for nothing, want %+v", typed, asked)
		return
	}
	if *got.Args.TextRequest != asked {
		t.Errorf("%q: asks for %+v, want %+v", typed, *got.Args.TextRequest, asked)
	}
}

// A command to a model asks for a summary of the conversation if it doesn't ask for anything else.
func TestAskAModelForASummary(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typed, language string }{
		{typed: "!ai"},
		{typed: "!ai:"},
		{typed: "!AI Summarise"},
		{typed: "!ai summarise in German", language: "de"},
		{typed: "!summary"},
		{typed: "!summarize in polski", language: "pl"},
	} {
		wantAsked(t, tt.typed, bridge.TextRequest{Task: analysis.Summarise, Language: tt.language}, "")
	}
}

// The text after the command is translated. If there is none, the conversation is translated. A language may be named
// before the text.
func TestAskAModelForATranslation(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typed, language, text string }{
		{typed: "!ai translate"},
		{typed: "!translate to German", language: "de"},
		{typed: "!translate into de", language: "de"},
		{typed: "!ai translate to German: Hi: ho", language: "de", text: "Hi: ho"},
		{typed: "!ai translate German: Hi", language: "de", text: "Hi"},
		{typed: "!ai translate: Your order: 4711", text: "Your order: 4711"},
		{typed: "!translate We are sorry", text: "We are sorry"},
		{typed: "!translate to be or not to be", text: "to be or not to be"},
		{typed: "!ai translate to German:\nHi\nho", language: "de", text: "Hi\nho"},
	} {
		wantAsked(t, tt.typed, bridge.TextRequest{Task: analysis.Translate, Language: tt.language}, tt.text)
	}
}

// The text after the command is written in another style.
func TestAskAModelForOtherWords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typed, style, text string }{
		{typed: "!ai shorter: We are very sorry", style: "shorter", text: "We are very sorry"},
		{typed: "!ai friendlier: No.", style: "friendlier", text: "No."},
		{typed: "!ai shorter", style: "shorter"},
		{typed: "!shorten We are very sorry", style: "shorter", text: "We are very sorry"},
	} {
		wantAsked(t, tt.typed, bridge.TextRequest{Task: analysis.Rephrase, Style: tt.style}, tt.text)
	}
}

// A command that asks for none of the other tasks is a question about the conversation.
func TestAskAModelAQuestion(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typed, text string }{
		{typed: "!summary about the order", text: "about the order"},
		{typed: "!ai shorter than what?", text: "shorter than what?"},
		{typed: "!ai what did she order?", text: "what did she order?"},
		{typed: "!ai ¿qué pidió?", text: "¿qué pidió?"},
	} {
		wantAsked(t, tt.typed, bridge.TextRequest{Task: analysis.Explain}, tt.text)
	}
}

func TestAskModelForAnUnknownLanguage(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{"!ai translate to Klingon: Hi", "!translate into Klingon"} {
		wantUnknown(t, typed, Parse(typed, team), "Klingon")
	}
}

// A command's word without its sign may be a slip, or a text for the customer.
func TestAskModelWithoutASign(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{"summary", "Translate", "ai"} {
		wantText(t, typed, Parse(typed, team), bridge.VerbSay, bridge.MarkLone, typed)
	}
}

// Only the first number in a question says which conversation it is about. Further numbers are part of the question.
func TestAskModelAboutAConversation(t *testing.T) {
	t.Parallel()
	const typed = "ai #12 did order #13 come?"
	args := bridge.Args{Conversation: 12, TextRequest: &bridge.TextRequest{Task: analysis.Explain}}
	want := Parsed{Verb: bridge.VerbAI, Marker: bridge.MarkSlash, Args: args, Text: "did order #13 come?"}
	wantParsed(t, typed, Slash("parley", typed, team), want)
}
