package teamsfake_test

import (
	"slices"
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
			root := w.postCard(x.card)
			w.wantProblem(before, x.want)
			wantEqual(t, "the card can't be shown", w.srv.Message(tickets, root).Broken != "", x.want != "")
		})
	}
}
