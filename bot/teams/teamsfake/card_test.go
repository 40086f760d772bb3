package teamsfake_test

import (
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
