package app_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/channels"
	"parley/cmd/parley/app"
)

// sloth is a channel that fetches, and takes its time to end.
type sloth struct {
	dove
	kind *sloths
}

// sloths are a kind of channel.
type sloths struct {
	made, began, ended chan string // names of accounts
	mayEnd             chan struct{}
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
	kind := &sloths{made: make(chan string, 10), began: make(chan string, 10), ended: make(chan string, 10), mayEnd: make(chan struct{})}
	birds := &doves{envs: map[string]channels.Env{}}
	specs := []channels.Spec{kind.spec(), birds.spec()}
	env := environment(t)
	db := openDatabase(t, env)
	const config = `
teams: [{name: T, slack_channel: C1}]
accounts:
  - {name: slow, kind: sloth, team: T, sloth: {tree: TREE}}
  - {name: quick, kind: dove, team: T, dove: {number: "111"}}`
	set(t, db, specs, strings.ReplaceAll(config, "TREE", "oak"))
	a := start(t, env, db, app.Options{Specs: specs})
	mayEnd := sync.OnceFunc(func() { close(kind.mayEnd) })
	t.Cleanup(mayEnd)
	base := "http://" + a.Address() + "/hooks/"
	receives(t, kind.began, "fetching begins")
	receives(t, kind.made, "the channel is made")

	set(t, db, specs, strings.ReplaceAll(config, "TREE", "beech"))
	if tree := receives(t, kind.made, "the channel is made again"); tree != "beech" {
		t.Errorf("made for %s", tree)
	}
	for range 20 { // while it is put in place, and afterwards
		for _, name := range []string{"quick", "slow"} {
			if status, body, _ := answer(t, http.MethodGet, base+name+"?challenge=42"); status != http.StatusOK || body != "42" {
				t.Fatalf("%s, beside a channel that does not end: %d %s", name, status, body)
			}
		}
	}
	select {
	case <-kind.began:
		t.Error("two fetch at once")
	default:
	}
	mayEnd()
	receives(t, kind.ended, "the old one ends")
	receives(t, kind.began, "the new one begins")
}

// Once the settings of an account don't work, its channel fetches no more by those before: otherwise a mailbox whose account
// was paused meanwhile, and was given to another account, would be read twice. Once the settings work again, it fetches again.
func TestWrongSettingsEndFetching(t *testing.T) {
	t.Parallel()
	kind := &sloths{made: make(chan string, 10), began: make(chan string, 10), ended: make(chan string, 10), mayEnd: make(chan struct{})}
	close(kind.mayEnd)
	specs := []channels.Spec{kind.spec()}
	env := environment(t)
	db := openDatabase(t, env)
	const config = `
teams: [{name: T, slack_channel: C1}]
accounts:
  - {name: slow, kind: sloth, team: T, paused: PAUSED, sloth: {tree: TREE}}`
	change := func(tree, paused string) {
		set(t, db, specs, strings.NewReplacer("TREE", tree, "PAUSED", paused).Replace(config))
	}
	change("oak", "false")
	start(t, env, db, app.Options{Specs: specs})
	receives(t, kind.began, "fetching begins")

	change("stump", "false")
	receives(t, kind.ended, "the channel with the settings before ends")
	change("stump", "true")
	change("oak", "false") // as it was at first
	receives(t, kind.began, "fetching begins again")
}

func receives(t *testing.T, from <-chan string, what string) string {
	t.Helper()
	select {
	case text := <-from:
		return text
	case <-time.After(servePatience):
		t.Fatalf("never: %s", what)
		return ""
	}
}
