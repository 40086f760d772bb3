package engine

import (
	"testing"

	"parley/store"
)

// A conversation with threads in two chats, whose team has no channel, goes on in the home of its account's own team; if that has no
// thread, always in the same one.
func TestHomeWithoutAChannel(t *testing.T) {
	t.Parallel()
	own, other := store.TeamID(1), store.TeamID(2)
	for home, want := range map[store.AccountID]store.AccountID{2: 2, 3: 3, 4: 2} {
		dir := NewDirectory(store.Directory{Channels: []store.TeamChannel{{TeamID: own, AccountID: home, Channel: "home", Home: true}}})
		c := &Conversation{
			Conversation: &store.Conversation{TeamID: &other},
			Account:      &store.Account{ID: 1, TeamID: &own},
			Threads: map[store.AccountID]*Thread{
				3: {Thread: store.Thread{AccountID: 3}},
				2: {Thread: store.Thread{AccountID: 2}},
			},
		}
		for range 20 { // it was one by chance
			if got := c.Home(dir).AccountID; got != want {
				t.Errorf("with a home in %d it goes on in %d, want %d", home, got, want)
			}
		}
	}
}
