package teamsfake_test

import (
	"encoding/json"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
)

// Elements and values that the schema of Adaptive Cards 1.5 has are shown, in upper or lower case. All others are
// faults.
func TestSchema(t *testing.T) {
	t.Parallel()
	text := clientObj{"type": "TextBlock", "text": "x"}
	action := func(more clientObj) clientObj {
		a := clientObj{"type": "Action.Submit", "title": "x"}
		for k, v := range more {
			a[k] = v
		}
		return clientObj{"type": "ActionSet", "actions": []clientObj{a}}
	}
	with := func(key string, v any) clientObj { return clientObj{"type": "TextBlock", "text": "x", key: v} }
	input := func(kind, key string, v any) clientObj {
		return clientObj{"type": kind, "id": "i", "label": "x", key: v}
	}
	columns := func(width any) clientObj {
		return clientObj{"type": "ColumnSet", "columns": []clientObj{{"width": width, "items": []clientObj{text}}}}
	}

	for name, x := range map[string]struct {
		element clientObj
		want    string // "" means it is shown
	}{
		"word":             {with("size", "ExtraLarge"), ""},
		"no word":          {with("size", "huge"), "TextBlock.size is no"},
		"null":             {with("size", nil), ""},
		"text for a bool":  {with("wrap", "true"), "TextBlock.wrap is no bool"},
		"bool for a text":  {with("id", true), "TextBlock.id is no text"},
		"text for number":  {with("maxLines", "3"), "TextBlock.maxLines is no number"},
		"list for a text":  {with("id", []string{"a"}), "TextBlock.id is no text"},
		"drop":             {with("fallback", "drop"), ""},
		"other fallback":   {with("fallback", text), ""},
		"no fallback":      {with("fallback", "hide"), "TextBlock.fallback is no"},
		"width in pixels":  {columns("50px"), ""},
		"width as weight":  {columns(2), ""},
		"weight in text":   {columns("2"), ""},
		"width in words":   {columns("Stretch"), ""},
		"no width":         {columns("50%"), "Column.width is no"},
		"items of a cell":  {clientObj{"type": "Table", "columns": []clientObj{{"width": 1}}, "rows": []clientObj{{"cells": []clientObj{{"items": []clientObj{text}}}}}}, ""},
		"no cell":          {clientObj{"type": "Table", "rows": []clientObj{{"cells": []clientObj{{"type": "TextBlock", "text": "x"}}}}}, `unknown tablecell "TextBlock"`},
		"empty cell":       {clientObj{"type": "Table", "rows": []clientObj{{"cells": []clientObj{{}}}}}, "TableCell without items"},
		"text among runs":  {clientObj{"type": "RichTextBlock", "inlines": []any{"a", clientObj{"type": "TextRun", "text": "b"}}}, ""},
		"number in runs":   {clientObj{"type": "RichTextBlock", "inlines": []any{1}}, "RichTextBlock.inlines is no"},
		"facts":            {clientObj{"type": "FactSet", "facts": []clientObj{{"title": "a"}}}, "Fact without value"},
		"mode":             {action(clientObj{"mode": "Secondary", "style": "Destructive"}), ""},
		"no style":         {action(clientObj{"style": "danger"}), "Action.Submit.style is no"},
		"data":             {action(clientObj{"data": []int{1}}), "Action.Submit.data is no string or object"},
		"toggle":           {clientObj{"type": "Input.Toggle", "id": "i"}, "Input.Toggle without title"},
		"toggle's value":   {input("Input.Toggle", "value", true), "Input.Toggle.value is no string"},
		"number's value":   {input("Input.Number", "value", "1"), "Input.Number.value is no number"},
		"filtered":         {clientObj{"type": "Input.ChoiceSet", "id": "i", "style": "filtered", "choices": []clientObj{{"title": "a", "value": ""}}}, ""},
		"choice":           {input("Input.ChoiceSet", "choices", []clientObj{{"title": "a"}}), "Input.Choice without value"},
		"people":           {input("Input.ChoiceSet", "choices.data", clientObj{"type": "Data.Query", "dataset": "graph.microsoft.com/users"}), ""},
		"card in a button": {clientObj{"type": "Container", "items": []clientObj{text}, "selectAction": clientObj{"type": "Action.ShowCard", "card": clientObj{}}}, "unknown select"},
		"execute in touch": {clientObj{"type": "Container", "items": []clientObj{text}, "selectAction": clientObj{"type": "Action.Execute", "verb": "x"}}, "no fallback"},
		"picture's height": {clientObj{"type": "Image", "url": "https://x.test/a.png", "height": "40px", "width": "40"}, "Image.width is no pixels"},
	} {
		got := strings.Join(teamsfake.CardFaults(asJSON(t, clientCardOf(x.element)), nil), "; ")
		if x.want == "" && got != "" || !strings.Contains(got, x.want) {
			t.Errorf("%s: got the faults %q, want %q", name, got, x.want)
		}
	}
}

// A button that opens a dialog is allowed in a message. In a dialog it is a fault.
func TestDialogFaults(t *testing.T) {
	t.Parallel()
	opens := clientObj{"type": "Action.Submit", "title": "x", "data": clientObj{"msteams": clientObj{"type": "task/fetch"}}}
	clicked := asJSON(t, clientCardOf(clientObj{"type": "ActionSet", "actions": []clientObj{opens}}))
	if got := teamsfake.CardFaults(clicked, nil); len(got) > 0 {
		t.Errorf("in a message: got the faults %q, want none", got)
	}
	if got := teamsfake.DialogFaults(clicked, nil); len(got) != 1 || !strings.Contains(got[0], "a dialog has Action.Submit") {
		t.Errorf("in a dialog: got the faults %q, want one about Action.Submit", got)
	}
}

func TestCardsThatAreNone(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{"type":"AdaptiveCard","body":[{"type":"TextBlock","text":"x"}]}`: "no version",
		`{"type":"AdaptiveCard","version":"1.5"}`:                          "empty",
		"[]": "not an Adaptive Card",
	} {
		if got := strings.Join(teamsfake.CardFaults([]byte(raw), nil), "; "); !strings.Contains(got, want) {
			t.Errorf("%s: got the faults %q, want %s", raw, got, want)
		}
	}
}

func clientCardOf(body ...clientObj) clientObj {
	return clientObj{"type": "AdaptiveCard", "version": "1.5", "body": body}
}

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// obj is a JSON object.
type clientObj = map[string]any
