package connector

import (
	_ "embed"
	"net/http"
	"slices"
	"strings"

	"parley/bot/teams/teamsfake/calls"
	"parley/bot/teams/teamsfake/tenant"
)

// reactionIDs are those of Teams' reactions which Parley, or an emoji that it knows, may need; the others are refused, too.
// Those with an asterisk have five skin tones: 270b_raisedhand-tone3.
// Source: learn.microsoft.com/microsoftteams/platform/agents-in-teams/teams-reactions-reference, read 2026-11.
//
//go:embed reactions.txt
var reactionIDs string

// isReactionID reports whether Teams has a reaction.
func isReactionID(id string) bool {
	plain, tone, hasTone := strings.Cut(id, "-tone")
	if hasTone && !slices.Contains([]string{"1", "2", "3", "4", "5"}, tone) {
		return false
	}

	for entry := range strings.FieldsSeq(reactionIDs) {
		known, isDiverse := strings.CutSuffix(entry, "*")
		if known == plain && (isDiverse || !hasTone) {
			return true
		}
	}
	return false
}

// addReaction is PUT …/reactions/{type}: the bot reacts to anybody's message.
func (c *API) addReaction(w http.ResponseWriter, r *http.Request) {
	ch, m, kind, ok := c.findReactable(w, r)
	if !ok {
		return
	}
	if !slices.ContainsFunc(m.Reactions, func(x tenant.Reaction) bool { return x.Bot && x.Type == kind }) {
		m.Reactions = append(m.Reactions, tenant.Reaction{Type: kind, Bot: true, At: c.Now()})
		c.Note(tenant.Change{Kind: "reaction", Channel: ch.ID, Message: m.ID, Root: m.Root})
	}
	w.WriteHeader(http.StatusOK)
}

// removeReaction is DELETE …/reactions/{type}. Teams answers 200 where the bot did not react so, too.
// Source: learn.microsoft.com/microsoftteams/platform/agents-in-teams/agent-reactions, read 2026-11.
func (c *API) removeReaction(w http.ResponseWriter, r *http.Request) {
	ch, m, kind, ok := c.findReactable(w, r)
	if !ok {
		return
	}
	m.Reactions = slices.DeleteFunc(m.Reactions, func(x tenant.Reaction) bool { return x.Bot && x.Type == kind })
	c.Note(tenant.Change{Kind: "reaction", Channel: ch.ID, Message: m.ID, Root: m.Root})
	w.WriteHeader(http.StatusOK)
}

// findReactable finds the message of a reaction call, and the reaction. It returns false if it has refused the call.
func (c *API) findReactable(w http.ResponseWriter, r *http.Request) (*tenant.Room, *tenant.Message, string, bool) {
	ch, root, ok := c.findWritable(w, r)
	if !ok {
		return nil, nil, "", false
	}

	m, kind := findInThread(ch, root, r.PathValue("id")), r.PathValue("type")
	switch {
	case m == nil:
		calls.Refuse(w, http.StatusNotFound, "ActivityNotFoundInConversation", "The activity is not there.")
	case m.Targeted != "":
		calls.Refuse(w, http.StatusBadRequest, "BadArgument", "Targeted messages take no reactions.")
	case !isReactionID(kind):
		calls.Refuse(w, http.StatusBadRequest, "BadArgument", "Unknown reaction type.")
	case c.ensureWithinLimits(w, reactRule()):
		return ch, m, kind, true
	}

	return nil, nil, "", false
}
