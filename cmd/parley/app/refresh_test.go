package app_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"parley/channels"
	"parley/cmd/parley/app"
	"parley/store/storetest"
)

// sloth is a channel that fetches, and ends only when its kind lets it.
type sloth struct {
	dove
	kind *sloths
}

// sloths are the channels of the kind sloth.
type sloths struct {
	made   chan string   // the tree of each channel that was made
	began  chan string   // something whenever one begins to fetch
	ended  chan string   // something whenever one ends
	mayEnd chan struct{} // closed when they may end
}

func newSloths() *sloths {
	return &sloths{made: make(chan string, 10), began: make(chan string, 10), ended: make(chan string, 10), mayEnd: make(chan struct{})}
}

func (k *sloths) spec() channels.Spec {
	return channels.Spec{Kind: "sloth", Name: "Sloth", Fields: []channels.Field{{Name: "tree"}},
		New: func(a channels.Account, env channels.Env) (channels.Channel, error) {
			if a.Config["tree"] == "stump" {
				return nil, errors.New("nobody can hang from a stump")
			}
			k.made <- a.Config["tree"]
			return &sloth{dove: dove{env: env}, kind: k}, nil
		}}
}

// Run implements channels.Runner.
func (s *sloth) Run(ctx context.Context) error {
	s.kind.began <- ""
	<-ctx.Done()
	<-s.kind.mayEnd
	s.kind.ended <- ""
	return nil
}

// A channel that ends slowly keeps no webhook waiting, neither its own nor another account's,
// and the one that takes its place does not fetch beside it.
func TestSlowEndKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	kind := newSloths()
	specs := []channels.Spec{kind.spec(), newDoves().spec()}
	env := environment(t)
	db := openDatabase(t, env)
	const config = `
teams: [{name: T, slack_channel: C1}]
accounts:
  - {name: slow, kind: sloth, team: T, sloth: {tree: TREE}}
  - {name: quick, kind: dove, team: T, dove: {number: "111"}}`
	applyFile(t, db, specs, strings.ReplaceAll(config, "TREE", "oak"))
	a := start(t, env, db, app.Options{Specs: specs})
	mayEnd := sync.OnceFunc(func() { close(kind.mayEnd) })
	t.Cleanup(mayEnd)
	base := "http://" + a.Address() + "/hooks/"
	storetest.Receive(t, kind.began, "fetching begins")
	storetest.Receive(t, kind.made, "the channel is made")

	applyFile(t, db, specs, strings.ReplaceAll(config, "TREE", "beech"))
	if tree := storetest.Receive(t, kind.made, "the channel is made again"); tree != "beech" {
		t.Errorf("the channel is made again for %q, want beech", tree)
	}
	for range 20 { // while it is put in place, and afterwards
		for _, name := range []string{"quick", "slow"} {
			if status, body, _ := request(t, http.MethodGet, base+name+"?challenge=42"); status != http.StatusOK || body != "42" {
				t.Fatalf("the webhook of %s, beside a channel that does not end: got %d %s, want %d 42", name, status, body, http.StatusOK)
			}
		}
	}
	select {
	case <-kind.began:
		t.Error("the new channel fetches while the old one has not ended")
	default:
	}
	mayEnd()
	storetest.Receive(t, kind.ended, "the old one ends")
	storetest.Receive(t, kind.began, "the new one begins")
}
