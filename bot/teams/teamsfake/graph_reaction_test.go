package teamsfake_test

import (
	"net/http"
	"testing"

	"parley/bot/teams/teamsfake"
)

// Graph names a reaction by its character, but for a few that have had names since before.
func TestGraphReactions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ reaction, shown, name string }{
		{reaction: "like", shown: "like", name: "Like"},
		{reaction: "1f440_eyes", shown: "👀", name: "Eyes"},
		{reaction: "231b_hourglassdone", shown: "⌛", name: "Hourglassdone"},
		{reaction: "270b_raisedhand-tone3", shown: "✋🏽", name: "Raisedhand"},
	} {
		t.Run(tt.reaction, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, teamsfake.Options{})
			root := w.postCard(card(textBlock("hello")))
			id := must(w.ann.Reply(tickets, root, "On our way"))(t)
			noError(t, w.ben.React(tickets, id, tt.reaction))
			token := w.login("https://graph.microsoft.com/.default")
			got := w.wantGraph("the reply", token, inTickets+"/"+root+"/replies/"+id, http.StatusOK)
			wantField(t, got, "reactions.0.reactionType", tt.shown)
			wantField(t, got, "reactions.0.displayName", tt.name)
			wantField(t, got, "reactions.0.user.user.id", ben)
		})
	}
}
