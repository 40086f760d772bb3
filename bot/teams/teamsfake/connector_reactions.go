package teamsfake

import (
	_ "embed"
	"net/http"
	"slices"
	"strings"
)

// A bot reacts to a message with PUT …/activities/{id}/reactions/{type}, where type is an id such as "1f440_eyes".

// reactionIDs lists the ids of Teams' reactions, separated by white space. It has only those that the bot under test may
// use; all others are refused. An asterisk marks reactions that come in five skin tones: 270b_raisedhand-tone3.
// Source: learn.microsoft.com/microsoftteams/platform/agents-in-teams/teams-reactions-reference, read 2026-11.
//
//go:embed reactions.txt
var reactionIDs string

// isReactionID reports whether id is in reactionIDs, with a valid skin tone or none.
func isReactionID(id string) bool {
	plain, tone, hasTone := strings.Cut(id, "-tone")
	if hasTone && !slices.Contains([]string{"1", "2", "3", "4", "5"}, tone) {
		return false
	}

	for entry := range strings.FieldsSeq(reactionIDs) {
		known, hasTones := strings.CutSuffix(entry, "*")
		if known == plain && (hasTones || !hasTone) {
			return true
		}
	}
	return false
}

// addReaction adds a reaction of the bot to a message, its own or another's. If the reaction exists, it changes nothing.
func (api *API) addReaction(w http.ResponseWriter, r *http.Request) {
	room, m, kind, ok := api.findReactable(w, r)
	if !ok {
		return
	}
	if !slices.ContainsFunc(m.Reactions, func(x Reaction) bool { return x.Bot && x.Type == kind }) {
		m.Reactions = append(m.Reactions, Reaction{Type: kind, Bot: true, At: api.Now()})
		api.Note(Change{Kind: "reaction", Channel: room.ID, Message: m.ID, Root: m.Root})
	}
	w.WriteHeader(http.StatusOK)
}

// removeReaction removes a reaction of the bot. Like Teams, it answers 200 even if the reaction doesn't exist.
// Source: learn.microsoft.com/microsoftteams/platform/agents-in-teams/agent-reactions, read 2026-11.
func (api *API) removeReaction(w http.ResponseWriter, r *http.Request) {
	room, m, kind, ok := api.findReactable(w, r)
	if !ok {
		return
	}
	m.Reactions = slices.DeleteFunc(m.Reactions, func(x Reaction) bool { return x.Bot && x.Type == kind })
	api.Note(Change{Kind: "reaction", Channel: room.ID, Message: m.ID, Root: m.Root})
	w.WriteHeader(http.StatusOK)
}

// findReactable returns the message and the reaction that a call names. It returns false if it has refused the call.
func (api *API) findReactable(w http.ResponseWriter, r *http.Request) (*Room, *Message, string, bool) {
	room, root, ok := api.findWritable(w, r)
	if !ok {
		return nil, nil, "", false
	}

	m, kind := findInThread(room, root, r.PathValue("id")), r.PathValue("type")
	switch {
	case m == nil:
		Refuse(w, http.StatusNotFound, "ActivityNotFoundInConversation", "The activity is not there.")
	case m.Targeted != "":
		Refuse(w, http.StatusBadRequest, "BadArgument", "Targeted messages take no reactions.")
	case !isReactionID(kind):
		Refuse(w, http.StatusBadRequest, "BadArgument", "Unknown reaction type.")
	case api.ensureWithinLimits(w, reactRule()):
		return room, m, kind, true
	}

	return nil, nil, "", false
}
