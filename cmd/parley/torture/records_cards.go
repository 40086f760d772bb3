package torture

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A card is the first post of a conversation's thread in the agents' chat. It shows the conversation's status, team and
// owners. After a test run, this file compares the cards with the database: if the database says that Ann owns
// conversation 17, its card must say so too. It also finds customers who wait although nobody is responsible.

// conversation is the state of a conversation in the database.
type recordsConversation struct {
	Root          string   `db:"root"`
	Number        int64    `db:"number"`
	Status        string   `db:"status"`
	Team          string   `db:"team"`   // "" means none, or one without members
	Owners        []string `db:"owners"` // active agents
	CustomerWaits bool     `db:"waits"`  // the customer wrote last
	HasTimer      bool     `db:"timer"`  // a timer will remind somebody of the conversation
}

const conversationsQuery = `
	SELECT t.root, c.id AS number, c.status,
		coalesce((SELECT name FROM teams WHERE id = c.team_id AND members <> '{}'), '') AS team,
		ARRAY(SELECT name FROM agents WHERE id = ANY(c.assignees) AND active ORDER BY id) AS owners,
		coalesce((
			SELECT m.direction = 'in'
			FROM messages AS m
			WHERE m.conversation_id = c.id AND m.automatic = '' AND (m.direction = 'in' OR m.fate IN ('waiting', 'out', 'unclear'))
			ORDER BY m.created_at DESC, m.id DESC
			LIMIT 1), false) AS waits,
		EXISTS (SELECT FROM timers AS x WHERE x.conversation_id = c.id) AS timer
	FROM conversations AS c
	JOIN threads AS t ON t.conversation_id = c.id
	WHERE c.kind = 'customer' AND t.root <> ''
	ORDER BY c.id`

// readCards compares conversations with the cards of their threads, and finds waiting customers for whom nobody is
// responsible.
func (a *Audit) readCards(ctx context.Context, c *pgx.Conn, cards map[string]Card) error {
	list, err := Rows(ctx, c, pgx.RowToStructByName[recordsConversation], conversationsQuery)
	if err != nil {
		return err
	}
	a.compareCards(list, cards)
	return nil
}

// compareCards checks the conversations in list. cards has the cards by root, the id of the thread's first post.
func (a *Audit) compareCards(list []recordsConversation, cards map[string]Card) {
	for _, c := range list {
		card, ok := cards[c.Root]
		isEnded := c.Status == "resolved" || c.Status == "closed"
		if !ok || !c.isShownBy(card.Text, isEnded) {
			a.StaleCards = append(a.StaleCards, fmt.Sprintf("conversation #%d is %s, team %q, owners %q, and its card shows %q",
				c.Number, c.Status, c.Team, c.Owners, card.Text))
		}
		isWaiting := c.CustomerWaits && !isEnded
		if isWaiting && !c.hasResponsible(card.Responsible) {
			a.Forgotten = append(a.Forgotten, fmt.Sprintf("the customer of conversation #%d waits; "+
				"it has the owners %q and the team %q, and should have one of %s", c.Number, c.Owners, c.Team, card.Responsible))
		}
	}
}

// isShownBy reports whether a card shows the current state of a conversation. isEnded means resolved or closed.
func (c *recordsConversation) isShownBy(card string, isEnded bool) bool {
	if isEnded {
		return c.Status != "resolved" || IsResolved(card)
	}
	showsTeam := c.Team == "" || strings.Contains(card, c.Team)
	if IsResolved(card) || !showsTeam {
		return false
	}
	return !slices.ContainsFunc(AgentNames(), func(name string) bool {
		return strings.Contains(card, name) != slices.Contains(c.Owners, name)
	})
}

// hasResponsible reports whether an owner or team that r allows is responsible for the customer, or a timer will remind
// somebody.
func (c *recordsConversation) hasResponsible(r Responsible) bool {
	if len(c.Owners) > 0 {
		return r.OwnerAllowed
	}
	if c.HasTimer {
		return true
	}
	return c.Team != "" && slices.Contains(r.Teams, c.Team)
}
