package records

import (
	"strconv"
	"testing"

	"parley/cmd/parley/torture/checker"
)

// cardsCase is a conversation, its card, and how many violations compareCards must find.
type cardsCase struct {
	name          string
	change        func(*conversation, *checker.Card) // of a waiting customer's conversation and its card
	wantStale     int
	wantForgotten int
}

// runCardsCases checks what compareCards finds after each change of a correct open conversation.
func runCardsCases(t *testing.T, cases []cardsCase) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := conversation{Root: "1", Number: 7, Status: "open", Team: checker.SupportTeam, CustomerWaits: true}
			card := checker.Card{
				Text:        "#7 Unassigned · Support",
				Responsible: checker.Responsible{Teams: []string{checker.SupportTeam}, OwnerAllowed: true},
			}
			tt.change(&c, &card)
			var a Audit
			a.compareCards([]conversation{c}, map[string]checker.Card{"1": card})
			if len(a.StaleCards) != tt.wantStale {
				t.Errorf("stale cards: got %q, want %d", a.StaleCards, tt.wantStale)
			}
			if len(a.Forgotten) != tt.wantForgotten {
				t.Errorf("forgotten: got %q, want %d", a.Forgotten, tt.wantForgotten)
			}
			if got, want := a.CountUnsettled(), tt.wantStale+tt.wantForgotten; got != want {
				t.Errorf("unsettled: got %d, want %d", got, want)
			}
		})
	}
}

// A card must show the state, the team and the owners of its conversation.
func TestCompareCards(t *testing.T) {
	t.Parallel()
	runCardsCases(t, []cardsCase{
		{name: "as it should be", change: func(*conversation, *checker.Card) {}},
		{
			name:          "no thread is seen",
			change:        func(c *conversation, _ *checker.Card) { c.Root = "2" },
			wantStale:     1,
			wantForgotten: 1,
		},
		{
			name:      "the card names another team",
			change:    func(_ *conversation, card *checker.Card) { card.Text = "#7 Unassigned · Billing" },
			wantStale: 1,
		},
		{
			name:      "the card names an owner, and there is none",
			change:    func(_ *conversation, card *checker.Card) { card.Text = "#7 Ann Lee · Support" },
			wantStale: 1,
		},
		{
			name:      "the card doesn't name the owner",
			change:    func(c *conversation, _ *checker.Card) { c.Owners = []string{"Ann Lee"} },
			wantStale: 1,
		},
		{
			name:      "open, and the card shows it as resolved",
			change:    func(_ *conversation, card *checker.Card) { card.Text = "#7 Resolved" },
			wantStale: 1,
		},
		{
			name:      "resolved, and the card shows it as open",
			change:    func(c *conversation, _ *checker.Card) { c.Status = "resolved" },
			wantStale: 1,
		},
		{
			name: "resolved",
			change: func(c *conversation, card *checker.Card) {
				c.Status = "resolved"
				card.Text = "#7 Resolved"
			},
		},
	})
}

// A waiting customer needs an owner, the right team, or a timer that will remind somebody.
func TestCompareCardsFindsForgotten(t *testing.T) {
	t.Parallel()
	runCardsCases(t, []cardsCase{
		{
			name: "no owner, no team",
			change: func(c *conversation, card *checker.Card) {
				c.Team = ""
				card.Text = "#7 Unassigned"
			},
			wantForgotten: 1,
		},
		{
			name: "no owner, no team, but a timer",
			change: func(c *conversation, card *checker.Card) {
				c.Team = ""
				c.HasTimer = true
				card.Text = "#7 Unassigned"
			},
		},
		{
			name: "no owner, no team, and the customer doesn't wait",
			change: func(c *conversation, card *checker.Card) {
				c.Team = ""
				c.CustomerWaits = false
				card.Text = "#7 Unassigned"
			},
		},
		{
			name:          "handed over to Billing, and Support still has it",
			change:        func(_ *conversation, card *checker.Card) { card.Responsible.Teams = []string{checker.OtherTeam} },
			wantForgotten: 1,
		},
		{
			name: "handed over to Billing, and the owner in Support still has it",
			change: func(c *conversation, card *checker.Card) {
				c.Owners = []string{"Ann Lee"}
				card.Text = "#7 Ann Lee · Support"
				card.Responsible = checker.Responsible{Teams: []string{checker.OtherTeam}}
			},
			wantForgotten: 1,
		},
	})
}

// An event that can't be applied must be given up, and people must be told once. If Parley can't look whether they were
// told, they may be told twice.
func TestCompareQuarantine(t *testing.T) {
	t.Parallel()
	const told = "parley replay 5"
	poison := quarantined{Event: 5, Poison: "poison-001", Reason: "nobody sent it"}
	for _, tt := range []struct {
		name                   string
		list                   []quarantined
		cards                  []string
		blind                  bool // Expectation.Blind
		wantWronglyQuarantined int
		wantNotQuarantined     int
	}{
		{name: "given up and told", list: []quarantined{poison}, cards: []string{told}},
		{name: "not given up", cards: []string{told}, wantNotQuarantined: 1},
		{
			name:               "given up, and nobody was told",
			list:               []quarantined{poison},
			cards:              []string{"parley replay 55"},
			wantNotQuarantined: 1,
		},
		{
			name:               "given up, and told twice",
			list:               []quarantined{poison},
			cards:              []string{told, "look: " + told + "."},
			wantNotQuarantined: 1,
		},
		{name: "told twice where Parley can't look", list: []quarantined{poison}, cards: []string{told, told}, blind: true},
		{
			name:                   "another one was given up",
			list:                   []quarantined{poison, {Event: 6, Reason: "gibberish"}},
			cards:                  []string{told, "parley replay 6"},
			wantWronglyQuarantined: 1,
		},
		{
			name:                   "given up and applied",
			list:                   []quarantined{{Event: 5, Poison: poison.Poison, Applied: true}},
			cards:                  []string{told},
			wantWronglyQuarantined: 1,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			expected := Expectation{Poisons: []string{poison.Poison}, Cards: map[string]checker.Card{}, Blind: tt.blind}
			for i, text := range tt.cards {
				expected.Cards[strconv.Itoa(i)] = checker.Card{Text: text}
			}
			var a Audit
			a.compareQuarantine(tt.list, expected)
			if len(a.WronglyQuarantined) != tt.wantWronglyQuarantined {
				t.Errorf("wrongly quarantined: got %q, want %d", a.WronglyQuarantined, tt.wantWronglyQuarantined)
			}
			if len(a.NotQuarantined) != tt.wantNotQuarantined {
				t.Errorf("not quarantined: got %q, want %d", a.NotQuarantined, tt.wantNotQuarantined)
			}
		})
	}
}
