package teamsfake_test

import (
	"slices"
	"testing"

	"parley/bot/teams/teamsfake"
)

// A card with a fault is accepted, but Teams can't show it. The emulator says why.

// cardCase is a card, and the problem that it has.
type cardCase struct {
	name string
	card obj
	want string // words of the problem; "" if there is none
}

// checkCards posts each card, and checks the problem that the emulator notes and whether the card can be shown.
func checkCards(t *testing.T, w *world, cases ...cardCase) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			before := len(w.srv.Problems())
			root := w.postCard(tt.card)
			w.wantProblem(before, tt.want)
			wantEqual(t, "the card can't be shown", w.srv.Message(tickets, root).NotShown != "", tt.want != "")
		})
	}
}

// mentionOf is the part of a card that defines a mention: its words, and the person.
func mentionOf(words, id string) obj {
	return obj{"entities": []obj{{"type": "mention", "text": words, "mentioned": obj{"id": id, "name": "Ann"}}}}
}

// cardWith is a card that mentions Ann, with one field added or replaced.
func (w *world) cardWith(field string, value any) obj {
	w.t.Helper()
	u, _ := w.srv.User(ann)
	c := card(textBlock("<at>Ann</at> hello"))
	content, ok := c["content"].(obj)
	if !ok {
		w.t.Fatalf("got the card %v, want one with content", c)
	}
	content["msteams"] = mentionOf("<at>Ann</at>", u.TeamsID)
	content[field] = value
	return c
}

// cardOf is a card with an element below a text.
func cardOf(element obj) obj { return card(textBlock("x"), element) }

func TestFieldsOfCards(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	checkCards(t, w,
		cardCase{name: "fine", card: w.cardWith("version", "1.5")},
		cardCase{name: "version", card: w.cardWith("version", "1.6"), want: "version"},
		cardCase{name: "unknown field", card: w.cardWith("footer", "x"), want: `no property "footer"`},
		cardCase{
			name: "refresh for somebody without a Teams id",
			card: w.cardWith("refresh", obj{"action": obj{"type": "Action.Execute", "verb": "r"}, "userIds": []string{ann}}),
			want: "no 29: id",
		},
	)
}

func TestMentionsInCards(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	u, _ := w.srv.User(ann)
	checkCards(t, w,
		cardCase{name: "without an entity", card: w.cardWith("msteams", obj{}), want: "no mention entity"},
		cardCase{
			name: "that isn't in the text",
			card: w.cardWith("msteams", mentionOf("<at>Bo</at>", u.TeamsID)),
			want: "not in the card's text",
		},
		cardCase{
			name: "of somebody who isn't there",
			card: w.cardWith("msteams", mentionOf("<at>Ann</at>", "29:x")),
			want: "not in the conversation",
		},
		cardCase{
			name: "in rich text, where it is words",
			card: cardOf(obj{"type": "RichTextBlock", "inlines": []any{obj{"type": "TextRun", "text": "<at>x</at>"}}}),
		},
	)
}

func TestElementsOfCards(t *testing.T) {
	checkCards(t, newWorld(t, teamsfake.Options{}),
		cardCase{name: "unknown", card: cardOf(obj{"type": "Carousel"}), want: "unknown element"},
		cardCase{
			name: "unknown field of a text",
			card: cardOf(obj{"type": "TextBlock", "text": "x", "bold": true}),
			want: `no property "bold"`,
		},
		cardCase{
			name: "unknown field of a run",
			card: cardOf(obj{"type": "RichTextBlock", "inlines": []any{obj{"type": "TextRun", "bold": true, "text": "x"}}}),
			want: `no property "bold"`,
		},
		cardCase{name: "empty text", card: cardOf(textBlock("")), want: "no text"},
		cardCase{name: "picture without TLS", card: cardOf(obj{"type": "Image", "url": "http://x.test"}), want: "neither https"},
	)
}

func TestInputsOfCards(t *testing.T) {
	checkCards(t, newWorld(t, teamsfake.Options{}),
		cardCase{name: "without an id", card: cardOf(obj{"type": "Input.Text"}), want: "without id"},
		cardCase{
			name: "two with one id",
			card: card(obj{"type": "Input.Text", "id": "a"}, obj{"type": "Input.Text", "id": "a"}),
			want: "used twice",
		},
		cardCase{name: "without choices", card: cardOf(obj{"type": "Input.ChoiceSet", "id": "a"}), want: "without choices"},
		cardCase{
			name: "required without a label",
			card: cardOf(obj{"type": "Input.Text", "id": "a", "isRequired": true}),
			want: "no label",
		},
	)
}

func TestActionsOfCards(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	withAction := func(action obj) obj { return w.cardWith("actions", []obj{action}) }
	sevenActions := slices.Repeat([]obj{{"type": "Action.Submit", "title": "x"}}, 7)
	fallback := obj{"type": "Action.Submit", "title": "x"}
	checkCards(t, w,
		cardCase{name: "unknown", card: withAction(obj{"type": "Action.Http", "title": "x"}), want: "unknown action"},
		cardCase{name: "without a title", card: withAction(obj{"type": "Action.Submit"}), want: "no title"},
		cardCase{name: "more than six", card: w.cardWith("actions", sevenActions), want: "Teams shows 6"},
		cardCase{
			name: "without a verb",
			card: withAction(obj{"type": "Action.Execute", "title": "x", "fallback": fallback}),
			want: "without verb",
		},
		cardCase{
			name: "without a fallback for older clients",
			card: withAction(obj{"type": "Action.Execute", "title": "x", "verb": "x"}),
			want: "no fallback",
		},
		cardCase{
			name: "with a script as address",
			card: withAction(obj{"type": "Action.OpenUrl", "title": "x", "url": "javascript:x"}),
			want: "an address",
		},
		cardCase{
			name: "with an unknown kind of data",
			card: withAction(obj{"type": "Action.Submit", "title": "x", "data": obj{"msteams": obj{"type": "task/open"}}}),
			want: "msteams type",
		},
	)
}
