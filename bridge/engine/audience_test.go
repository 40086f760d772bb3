package engine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
	"parley/store"
)

// vault is the channel of its own that an account has.
const vault = "vault"

// newSecludedWorld is a world in which the mail account's threads open in a private channel, in which ann
// is. ben is in the account's team, cat in neither.
func newSecludedWorld(t *testing.T, o options) *world {
	t.Helper()
	o.stopped = true
	w := newWorld(t, o)
	w.chat.Open(vault)
	w.chat.Private(vault, "ann", bridgetest.App)
	guards := must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Guards", Members: []store.AgentID{w.agents["ben"]}}))(t)
	w.saveAccount(mail, func(a *store.Account) { a.TeamID, a.SurfaceID, a.SurfaceChannel = &guards, &w.surface, vault })
	w.start()
	w.customerSends(mail, channelstest.Event{From: "maria@customer.test", Name: "Maria", Subject: "Salary", Text: "Why so little?"})
	w.chat.Wait(t, "the mail is shown", func() bool {
		roots := w.chat.Messages(vault, "")
		return len(roots) == 1 && len(w.chat.Messages(vault, roots[0].ID)) == 2
	})
	w.waitDrained()
	return w
}

// What an account's own channel closes is closed by every way: lists, searches, details, forms, history,
// what was said, new conversations, verbs from elsewhere.
//
func TestPrivateChannel(t *testing.T) {
	t.Parallel()
	w := newSecludedWorld(t, options{})
	d, ctx := w.engines[0].Desk(w.surface), t.Context()
	root := w.chat.Messages(vault, "")[0].ID
	said := w.chat.Messages(vault, root)[1].ID
	ways := map[string]func(user string) (bool, error){
		"list": func(user string) (bool, error) {
			l, err := d.List(ctx, bridge.ListQuery{List: "all"}, user)
			return len(l.Rows) == 1, err
		},
		"find": func(user string) (bool, error) {
			l, err := d.List(ctx, bridge.ListQuery{Words: "salary"}, user)
			return len(l.Rows) == 1, err
		},
		"details": func(user string) (bool, error) {
			f, err := d.Facts(ctx, 1, user)
			return f.Subject == "Salary", err
		},
		"details of a thread": func(user string) (bool, error) {
			f, err := d.FactsAt(ctx, bridge.Place{Channel: vault, Thread: root}, user)
			return f.Subject == "Salary", err
		},
		"history": func(user string) (bool, error) {
			h, err := d.History(ctx, 1, 0, user)
			return len(h.Rows) > 0, err
		},
		"templates": func(user string) (bool, error) {
			known, err := d.Templates(ctx, bridge.TemplatesFor{Conversation: 1}, user)
			return len(known.Known) > 0, err
		},
		"what was said": func(user string) (bool, error) {
			list, err := d.SaidAt(ctx, bridge.Place{Channel: vault, Message: said}, user)
			return len(list) == 1, err
		},
		"a form's reply": func(user string) (bool, error) {
			err := d.MayReply(ctx, 1, user, "Hello", nil)
			return err == nil, err
		},
		"accounts": func(user string) (bool, error) {
			list, err := d.Accounts(ctx, user)
			return slices.ContainsFunc(list, func(a bridge.AccountRef) bool { return a.Name == mail }), err
		},
		"a new conversation": func(user string) (bool, error) {
			_, err := d.MayStart(ctx, user, bridge.Start{Account: mail, Recipient: "paul@customer.test", Text: "Hello"})
			return err == nil, err
		},
	}
	for user, may := range map[string]bool{"ann": true, "ben": true, "cat": false} {
		for name, way := range ways {
			got, err := way(user)
			var problem *bridge.Problem
			if got != may || err != nil && !errors.As(err, &problem) {
				t.Errorf("%s, %s: %v (%v), want %v", name, user, got, err, may)
			}
		}
	}
	about := bridge.Args{Conversation: 1}
	for i, verb := range []bridge.Verb{bridge.VerbFind, bridge.VerbTake, bridge.VerbHistory, bridge.VerbReply, bridge.VerbNote, bridge.VerbWhy} {
		w.chat.Submit("cat", support, "", bridgetest.Button{Verb: verb, Args: about}, "Hello")
		w.chat.Wait(t, string(verb), func() bool { return len(w.chat.Whispers("cat")) == i+1 })
		if got := w.chat.Whispers("cat")[i].Plain(); !strings.Contains(got, "Conversation #1 is not open to you.") || strings.Contains(got, "Maria") {
			t.Errorf("%s shows %q", verb, got)
		}
	}
	w.chat.Submit("ben", support, "", bridgetest.Button{Verb: bridge.VerbAssign, Args: bridge.Args{Conversation: 1, Agents: []string{"cat"}}}, "")
	w.chat.Wait(t, "cat may read what is assigned to her", func() bool {
		_, err := d.Facts(ctx, 1, "cat")
		return err == nil
	})
	if f := must(d.Facts(ctx, 1, "ann"))(t); len(f.Assignees) != 1 || f.Assignees[0].User != "cat" {
		t.Errorf("assigned to %+v", f.Assignees)
	}
}

// Somebody who joined may read at once; while nobody can tell who is in a channel, it closes.
//
func TestAudienceAges(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		age  time.Duration
		then bool
	}{"what was seen counts for a while": {0, true}, "but not for ever": {time.Nanosecond, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSecludedWorld(t, options{stopped: true, audienceAge: tt.age})
			d := w.engines[0].Desk(w.surface)
			w.chat.AddFault(chatFault("audience", bridgetest.FaultErrorBefore, 1000))
			_, err := d.Facts(t.Context(), 1, "ann")
			if (err == nil) != tt.then {
				t.Errorf("ann reads: %v, want %v", err, tt.then)
			}
			if _, err := d.Facts(t.Context(), 1, "ben"); err != nil {
				t.Errorf("ben, of the team, may not read: %v", err)
			}
		})
	}
}

// A list has pages; find looks for words everywhere, and in a thread too.
//
func TestFindAndPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	must(w.pool.Exec(t.Context(), `INSERT INTO conversations (id, account_id, status, subject, last_at, created_at)
		SELECT 100 + n, $1, 'open', 'Lamp ' || n, now(), now() FROM generate_series(0, 50) AS n`, w.accounts[mail]))(t)
	d := w.engines[0].Desk(w.surface)
	if l := must(d.List(t.Context(), bridge.ListQuery{List: "all", Page: 1}, "ann"))(t); len(l.Rows) != 2 || l.More {
		t.Errorf("the second page has %d rows, more: %v", len(l.Rows), l.More)
	}
	if l := must(d.List(t.Context(), bridge.ListQuery{List: "all"}, "ann"))(t); len(l.Rows) != 50 || !l.More || l.Rows[0].ID != 1 {
		t.Errorf("the first page has %d rows, more: %v, and begins with %d", len(l.Rows), l.More, l.Rows[0].ID)
	}
	if l := must(d.List(t.Context(), bridge.ListQuery{Words: "lam", Page: 2}, "ann"))(t); len(l.Rows) != 11 || l.More {
		t.Errorf("the third page of what was found has %d rows, more: %v", len(l.Rows), l.More)
	}
	if _, err := d.List(t.Context(), bridge.ListQuery{Words: "la"}, "ann"); err == nil {
		t.Error("two letters are looked for")
	}
	w.chat.Submit("ann", support, thread, bridgetest.Button{Verb: bridge.VerbFind, Args: bridge.Args{Note: "lamp 17"}}, "")
	w.waitWhisper("ann", "Lamp 17")
	w.chat.Submit("ann", support, "", bridgetest.Button{Verb: bridge.VerbFind, Args: bridge.Args{Note: "33 LAMP!"}}, "")
	w.waitWhisper("ann", "Lamp 33")
}
