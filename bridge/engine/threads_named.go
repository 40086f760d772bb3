package engine

import (
	"strconv"
	"strings"

	"parley/bridge"
	"parley/store"
)

// NamedConversation returns the conversation of Args.Note, "#12", on which the agent may use the verb. Otherwise it refuses and returns
// nil.
func (th *Writer) NamedConversation(r Request) *Conversation {
	number, err := strconv.ParseInt(strings.TrimPrefix(strings.TrimSpace(r.Args.Note), "#"), 10, 64)
	other := th.Conversations.Get(store.ConversationID(number))
	if err != nil || other == nil {
		th.Refuse(r, "unknown_conversation", "There is no conversation "+r.Args.Note+".", "For example: !"+string(r.Verb)+" #12")
		return nil
	}
	elsewhere := r.About(other)
	elsewhere.Place = bridge.Place{} // being in this thread shows no right to read the other one
	if problem := th.Authorize(elsewhere, r.Verb); problem != nil {
		th.Refuse(r, problem.Code, problem.Text, problem.Hint)
		return nil
	}
	return other
}
