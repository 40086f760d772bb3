package engine_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
	"parley/store"
)

// vault is a private channel that an account has for itself.
const vault = "vault"

// newSecludedWorld makes a world in which the mail account's threads open in a private channel. ann is in the channel, ben in the
// account's team, cat in neither. Maria has written a mail.
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

// What only an account's own channel shows is shown to nobody else in any other way: not by lists, searches, details, forms, the
// history, what was said, new conversations, nor verbs from elsewhere.
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
			wantEqual(t, name+" shows the conversation to "+user, got, may)
			var problem *bridge.Problem
			if err != nil && !errors.As(err, &problem) {
				t.Errorf("%s for %s: got the error %v, want one in words for people", name, user, err)
			}
		}
	}
	about := bridge.Args{Conversation: 1}
	for i, verb := range []bridge.Verb{bridge.VerbFind, bridge.VerbTake, bridge.VerbHistory, bridge.VerbReply, bridge.VerbNote, bridge.VerbWhy} {
		w.chat.Submit("cat", support, "", bridgetest.Button{Verb: verb, Args: about}, "Hello")
		w.chat.Wait(t, string(verb), func() bool { return len(w.chat.Whispers("cat")) == i+1 })
		got := w.chat.Whispers("cat")[i].Plain()
		wantWords(t, "the answer to "+string(verb), got, "Conversation #1 is not open to you.")
		wantNoWords(t, "the answer to "+string(verb), got, "Maria")
	}
	w.chat.Submit("ben", support, "", bridgetest.Button{Verb: bridge.VerbAssign, Args: bridge.Args{Conversation: 1, Agents: []string{"cat"}}}, "")
	w.chat.Wait(t, "cat may read what is assigned to her", func() bool {
		_, err := d.Facts(ctx, 1, "cat")
		return err == nil
	})
	if list := must(d.Facts(ctx, 1, "ann"))(t).Assignees; len(list) != 1 || list[0].User != "cat" {
		t.Errorf("assigned to %+v, want Cat alone", list)
	}
}

// Somebody who joined may read at once; while nobody can tell who is in a channel, it closes.
//
func TestAudienceAges(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		age      time.Duration // 0 means the usual one
		annReads bool
	}{
		"what was seen counts for a while": {age: 0, annReads: true},
		"but not for ever":                 {age: time.Nanosecond, annReads: false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSecludedWorld(t, options{audienceAge: tt.age})
			d := w.engines[0].Desk(w.surface)
			w.chat.AddFault(chatFault("audience", bridgetest.FaultErrorBefore, 1000))
			_, err := d.Facts(t.Context(), 1, "ann")
			if (err == nil) != tt.annReads {
				t.Errorf("ann, who is in the channel, reads with the error %v, want that she reads it: %v", err, tt.annReads)
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
	type page struct {
		rows int
		more bool
	}
	pageOf := func(q bridge.ListQuery) page {
		l := must(d.List(t.Context(), q, "ann"))(t)
		return page{len(l.Rows), l.More}
	}
	const lamps, listed, found = 51, 50, 20 // conversations beside kim's; rows of a page of a list, and of what was found
	wantEqual(t, "the first page of all", pageOf(bridge.ListQuery{List: "all"}), page{rows: listed, more: true})
	wantEqual(t, "the second page of all", pageOf(bridge.ListQuery{List: "all", Page: 1}), page{rows: lamps + 1 - listed})
	wantEqual(t, "the third page of the lamps", pageOf(bridge.ListQuery{Words: "lam", Page: 2}), page{rows: lamps - 2*found})
	wantEqual(t, "the first row of all", must(d.List(t.Context(), bridge.ListQuery{List: "all"}, "ann"))(t).Rows[0].ID, 1)
	if _, err := d.List(t.Context(), bridge.ListQuery{Words: "la"}, "ann"); err == nil {
		t.Error("two letters are looked for")
	}
	w.chat.Submit("ann", support, thread, bridgetest.Button{Verb: bridge.VerbFind, Args: bridge.Args{Note: "lamp 17"}}, "")
	w.waitWhisper("ann", "Lamp 17")
	w.chat.Submit("ann", support, "", bridgetest.Button{Verb: bridge.VerbFind, Args: bridge.Args{Note: "33 LAMP!"}}, "")
	w.waitWhisper("ann", "Lamp 33")
}
