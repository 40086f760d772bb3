package teamsfake_test

import (
	"slices"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
)

func TestCards(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	u, _ := w.srv.User(ann)
	many := slices.Repeat([]obj{{"type": "Action.Submit", "title": "x"}}, 7)
	put := func(key string, v any) obj {
		c := card(textBlock("<at>Ann</at> hello"))
		content := c["content"].(obj)
		content["msteams"] = obj{"entities": []obj{{"type": "mention", "text": "<at>Ann</at>", "mentioned": obj{"id": u.TeamsID, "name": "Ann"}}}}
		content[key] = v
		return c
	}
	body := func(e obj) obj { return card(textBlock("x"), e) }
	for name, x := range map[string]struct {
		card obj
		want string
	}{
		"fine":             {put("version", "1.5"), ""},
		"version":          {put("version", "1.6"), "version"},
		"property":         {put("footer", "x"), `no property "footer"`},
		"mention entity":   {put("msteams", obj{}), "no mention entity"},
		"mention text":     {put("msteams", obj{"entities": []obj{{"type": "mention", "text": "<at>Bo</at>", "mentioned": obj{"id": u.TeamsID}}}}), "not in the card's text"},
		"mention id":       {put("msteams", obj{"entities": []obj{{"type": "mention", "text": "<at>Ann</at>", "mentioned": obj{"id": "29:x"}}}}), "not in the conversation"},
		"element":          {body(obj{"type": "Carousel"}), "unknown element"},
		"element property": {body(obj{"type": "TextBlock", "text": "x", "bold": true}), `no property "bold"`},
		"empty text":       {body(textBlock("")), "no text"},
		"input id":         {body(obj{"type": "Input.Text"}), "without id"},
		"twice":            {card(obj{"type": "Input.Text", "id": "a"}, obj{"type": "Input.Text", "id": "a"}), "used twice"},
		"choices":          {body(obj{"type": "Input.ChoiceSet", "id": "a"}), "without choices"},
		"required":         {body(obj{"type": "Input.Text", "id": "a", "isRequired": true}), "no label"},
		"picture":          {body(obj{"type": "Image", "url": "http://x.test"}), "neither https"},
		"inline":           {body(obj{"type": "RichTextBlock", "inlines": []any{obj{"type": "TextRun", "bold": true, "text": "x"}}}), `no property "bold"`},
		"action":           {put("actions", []obj{{"type": "Action.Http", "title": "x"}}), "unknown action"},
		"no title":         {put("actions", []obj{{"type": "Action.Submit"}}), "no title"},
		"too many":         {put("actions", many), "Teams shows 6"},
		"no verb":          {put("actions", []obj{{"type": "Action.Execute", "title": "x", "fallback": obj{"type": "Action.Submit", "title": "x"}}}), "without verb"},
		"no fallback":      {put("actions", []obj{{"type": "Action.Execute", "title": "x", "verb": "x"}}), "no fallback"},
		"address":          {put("actions", []obj{{"type": "Action.OpenUrl", "title": "x", "url": "javascript:x"}}), "no address"},
		"msteams":          {put("actions", []obj{{"type": "Action.Submit", "title": "x", "data": obj{"msteams": obj{"type": "task/open"}}}}), "msteams type"},
		"refresh":          {put("refresh", obj{"action": obj{"type": "Action.Execute", "verb": "r"}, "userIds": []string{ann}}), "no 29: id"},
		"literal at":       {body(obj{"type": "RichTextBlock", "inlines": []any{obj{"type": "TextRun", "text": "<at>x</at>"}}}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(w.srv.Problems())
			root := w.start(x.card)
			got := w.srv.Problems()[before:]
			switch {
			case x.want == "" && len(got) > 0:
				t.Errorf("%+v", got)
			case x.want != "" && (len(got) == 0 || !strings.Contains(got[0].Text, x.want)):
				t.Errorf("%+v, want %s", got, x.want)
			case (w.srv.Message(tickets, root).Broken != "") != (x.want != ""):
				t.Error("shown or not")
			}
		})
	}
}

// What the schema of Adaptive Cards 1.5 has is shown, whatever the case of its words, and
// nothing else is.
func TestSchema(t *testing.T) {
	t.Parallel()
	text := obj{"type": "TextBlock", "text": "x"}
	action := func(more obj) obj {
		a := obj{"type": "Action.Submit", "title": "x"}
		for k, v := range more {
			a[k] = v
		}
		return obj{"type": "ActionSet", "actions": []obj{a}}
	}
	with := func(key string, v any) obj { return obj{"type": "TextBlock", "text": "x", key: v} }
	input := func(kind, key string, v any) obj { return obj{"type": kind, "id": "i", "label": "x", key: v} }
	columns := func(width any) obj {
		return obj{"type": "ColumnSet", "columns": []obj{{"width": width, "items": []obj{text}}}}
	}
	for name, x := range map[string]struct {
		element obj
		want    string // "" = it is shown
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
		"items of a cell":  {obj{"type": "Table", "columns": []obj{{"width": 1}}, "rows": []obj{{"cells": []obj{{"items": []obj{text}}}}}}, ""},
		"no cell":          {obj{"type": "Table", "rows": []obj{{"cells": []obj{{"type": "TextBlock", "text": "x"}}}}}, `unknown tablecell "TextBlock"`},
		"empty cell":       {obj{"type": "Table", "rows": []obj{{"cells": []obj{{}}}}}, "TableCell without items"},
		"text among runs":  {obj{"type": "RichTextBlock", "inlines": []any{"a", obj{"type": "TextRun", "text": "b"}}}, ""},
		"number in runs":   {obj{"type": "RichTextBlock", "inlines": []any{1}}, "RichTextBlock.inlines is no"},
		"facts":            {obj{"type": "FactSet", "facts": []obj{{"title": "a"}}}, "Fact without value"},
		"mode":             {action(obj{"mode": "Secondary", "style": "Destructive"}), ""},
		"no style":         {action(obj{"style": "danger"}), "Action.Submit.style is no"},
		"data":             {action(obj{"data": []int{1}}), "Action.Submit.data is no string or object"},
		"toggle":           {obj{"type": "Input.Toggle", "id": "i"}, "Input.Toggle without title"},
		"toggle's value":   {input("Input.Toggle", "value", true), "Input.Toggle.value is no string"},
		"number's value":   {input("Input.Number", "value", "1"), "Input.Number.value is no number"},
		"filtered":         {obj{"type": "Input.ChoiceSet", "id": "i", "style": "filtered", "choices": []obj{{"title": "a", "value": ""}}}, ""},
		"choice":           {input("Input.ChoiceSet", "choices", []obj{{"title": "a"}}), "Input.Choice without value"},
		"people":           {input("Input.ChoiceSet", "choices.data", obj{"type": "Data.Query", "dataset": "graph.microsoft.com/users"}), ""},
		"card in a button": {obj{"type": "Container", "items": []obj{text}, "selectAction": obj{"type": "Action.ShowCard", "card": obj{}}}, "unknown select"},
		"execute in touch": {obj{"type": "Container", "items": []obj{text}, "selectAction": obj{"type": "Action.Execute", "verb": "x"}}, "no fallback"},
		"picture's height": {obj{"type": "Image", "url": "https://x.test/a.png", "height": "40px", "width": "40"}, "Image.width is no pixels"},
	} {
		got := strings.Join(teamsfake.CardFaults(mustJSON(t, card(x.element)["content"])), "; ")
		if x.want == "" && got != "" || !strings.Contains(got, x.want) {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
	clicked := mustJSON(t, card(action(obj{"data": obj{"msteams": obj{"type": "task/fetch"}}}))["content"])
	if got := teamsfake.CardFaults(clicked); len(got) > 0 {
		t.Errorf("in a message: %q", got)
	}
	if got := teamsfake.DialogFaults(clicked); len(got) != 1 || !strings.Contains(got[0], "a dialog has Action.Submit") {
		t.Errorf("in a dialog: %q", got)
	}
	for raw, want := range map[string]string{`{"type":"AdaptiveCard","body":[{"type":"TextBlock","text":"x"}]}`: "no version", `{"type":"AdaptiveCard","version":"1.5"}`: "empty", "[]": "not an Adaptive Card"} {
		if got := strings.Join(teamsfake.CardFaults([]byte(raw)), "; "); !strings.Contains(got, want) {
			t.Errorf("%s: %q", raw, got)
		}
	}
}
