package connector

import (
	"net/http"
	"regexp"
	"slices"

	"parley/bot/teams/teamsfake/calls"
	"parley/bot/teams/teamsfake/tenant"
)

// reactionType is a name of the first generation or code points with a name.
// Source: npm @microsoft/teams.api 2.1.0, MessageReactionType.
var reactionType = regexp.MustCompile(`^(?:[a-z]+|[0-9a-f]+(?:-[0-9a-f]+)*_[A-Za-z0-9]+)$`) //nolint:gochecknoglobals // constant

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

func (c *API) removeReaction(w http.ResponseWriter, r *http.Request) {
	ch, m, kind, ok := c.findReactable(w, r)
	if !ok {
		return
	}
	n := len(m.Reactions)
	m.Reactions = slices.DeleteFunc(m.Reactions, func(x tenant.Reaction) bool { return x.Bot && x.Type == kind })
	if len(m.Reactions) == n {
		calls.Refuse(w, http.StatusNotFound, "ReactionNotFound", "The bot did not react so.")
		return
	}
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
	case !reactionType.MatchString(kind):
		calls.Refuse(w, http.StatusBadRequest, "BadArgument", "Unknown reaction type.")
	case c.ensureWithinLimits(w, reactRule()):
		return ch, m, kind, true
	}

	return nil, nil, "", false
}
