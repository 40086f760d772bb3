package teams

import (
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// Only members of our organisation count as persons, who may act. Guests and other people are foreign.
func TestActorsOfOtherOrganisations(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		person func(*world) string // their id
		want   bridge.ActorKind
	}{
		{name: "member", person: func(*world) string { return ann }, want: bridge.ActorPerson},
		{name: "guest", person: func(*world) string { return eve }, want: bridge.ActorForeign},
		{
			name: "of another organisation",
			person: func(w *world) string {
				return w.fake.Admin.AddUser(teamsfake.User{Name: "Out Sider", TenantID: "99999999-0000-4000-8000-000000000009"}).ID
			},
			want: bridge.ActorForeign,
		},
		{
			name: "without an id in Entra",
			person: func(w *world) string {
				return w.fake.Admin.AddUser(teamsfake.User{Name: "No Id", HidesEntraID: true}).ID
			},
			want: bridge.ActorForeign,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newThreadWorld(t)
			a := w.typeAs(w.fake.As(tt.person(w)), w.root, "Hello")
			wantEqual(t, "kind of the actor", a.Actor.Kind, tt.want)
		})
	}
}

// A message that an app posts is by a bot.
func TestActorsThatAreApps(t *testing.T) {
	t.Parallel()
	for _, guise := range []string{"connector", "nobody"} {
		t.Run(guise, func(t *testing.T) {
			t.Parallel()
			w := newThreadWorld(t)
			id, err := w.ann.Post(teamsfake.Post{Channel: w.channel, Root: w.root, Text: "resolve", As: guise})
			noError(t, err)
			wantEqual(t, "kind of the actor", w.waitAction(MessageID(w.channel, id)).Actor.Kind, bridge.ActorBot)
		})
	}
}
