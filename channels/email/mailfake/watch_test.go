package mailfake_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"

	"parley/channels/email/mailfake"
)

// TestWaitFor waits for a mailbox that does not exist yet, across a Reset.
func TestWaitFor(t *testing.T) {
	t.Parallel()
	s := start(t)
	got := make(chan error, 1)
	looked := make(chan struct{}, 100)
	ctx := soon(t)
	go func() {
		in, err := s.WaitFor(ctx, "new@customer.test", func(in []mailfake.Received) bool {
			looked <- struct{}{}
			return len(in) == 2
		})
		if err == nil && in[1].Subject != "second" {
			err = fmt.Errorf("got %+v", in)
		}
		got <- err
	}()
	<-looked
	for _, subject := range []string{"lost", "first", "second"} {
		if err := sender(t, s).DialAndSendWithContext(ctx, letter(t, support, "new@customer.test", subject, "x")); err != nil {
			t.Fatal(err)
		}
		if subject == "lost" {
			s.Reset()
		}
	}
	if err := <-got; err != nil {
		t.Fatal(err)
	}
}

func TestWaitForGivesUp(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.WaitFor(ctx, support, count(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
	done := make(chan error, 1)
	looked := make(chan struct{}, 10)
	go func() {
		_, err := s.WaitFor(t.Context(), support, func([]mailfake.Received) bool { looked <- struct{}{}; return false })
		done <- err
	}()
	<-looked
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err == nil {
		t.Error("waits for a closed server")
	}
}

// TestWaitForSeesReset: whoever waits for an empty mailbox is woken by the Reset that empties it.
func TestWaitForSeesReset(t *testing.T) {
	t.Parallel()
	s := start(t)
	write(t, s, "Hi")
	looked, done := make(chan struct{}, 10), make(chan error, 1)
	go func() {
		_, err := s.WaitFor(soon(t), support, func(in []mailfake.Received) bool { looked <- struct{}{}; return len(in) == 0 })
		done <- err
	}()
	<-looked
	s.Reset()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestSubscribe(t *testing.T) {
	t.Parallel()
	s := start(t)
	sub := s.Subscribe()
	c := fill(t, s, 1, nil)
	if err := c.Store(imap.UIDSetNum(1), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Expunge().Close(); err != nil {
		t.Fatal(err)
	}
	want := []mailfake.Change{
		{Address: support, Folder: "INBOX", UID: 1, Kind: mailfake.ChangeAdded},
		{Address: ann, Folder: "Sent", UID: 1, Kind: mailfake.ChangeAdded},
		{Address: support, Folder: "INBOX", UID: 1, Kind: mailfake.ChangeFlags},
		{Address: support, Folder: "INBOX", Kind: mailfake.ChangeRemoved},
	}
	var got []mailfake.Change
	for len(got) < len(want) {
		more, err := sub.Next(soon(t))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, more...)
	}
	if !slices.Equal(got, want) {
		t.Errorf("changes %+v, want %+v", got, want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, closed := range []*mailfake.Subscription{sub, s.Subscribe()} {
		if more, err := closed.Next(soon(t)); !errors.Is(err, context.Canceled) {
			t.Errorf("changes from a closed server: %+v, %v", more, err)
		}
	}
}

// TestCrowd: many write, send and read at once; nothing is lost or doubled.
func TestCrowd(t *testing.T) {
	t.Parallel()
	s := start(t)
	const people, each = 8, 5
	var wg sync.WaitGroup
	for p := range people {
		wg.Add(2)
		go func() {
			defer wg.Done()
			for i := range each {
				if _, err := s.Customer(fmt.Sprintf("c%d@customer.test", p)).Send(mailfake.Mail{To: []string{support}, Subject: fmt.Sprint(i), Text: "x"}); err != nil {
					t.Error(err)
				}
			}
		}()
		go func() {
			defer wg.Done()
			for range each {
				if err := sender(t, s).DialAndSendWithContext(soon(t), letter(t, support, fmt.Sprintf("c%d@customer.test", p), "Hi", "x")); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	c := fill(t, s, 0, nil)
	got := map[imap.UID]bool{}
	ctx := soon(t)
	for len(got) < people*each {
		if err := c.Noop().Wait(); err != nil {
			t.Fatal(err)
		}
		var all imap.UIDSet
		all.AddRange(1, 0)
		msgs, err := c.Fetch(all, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{whole()}}).Collect()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range msgs {
			got[m.UID] = true
		}
		if ctx.Err() != nil {
			t.Fatal("mails are missing")
		}
	}
	wg.Wait()
	for p := range people {
		if n := len(s.Inbox(fmt.Sprintf("c%d@customer.test", p))); n != each {
			t.Errorf("customer %d has %d mails", p, n)
		}
	}
	if n := len(s.Inbox(support)); n != people*each || len(s.Submissions()) != people*each {
		t.Errorf("support has %d", n)
	}
}

// TestCloseTwiceAndUnstarted: Close is safe whenever it comes.
func TestCloseTwiceAndUnstarted(t *testing.T) {
	t.Parallel()
	if err := mailfake.New(mailfake.Options{}).Close(); err != nil {
		t.Error(err)
	}
	s := mailfake.New(mailfake.Options{TLS: true})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err == nil {
		t.Error("started twice")
	}
	other := mailfake.New(mailfake.Options{SMTPListen: s.SMTPAddr()})
	if err := other.Start(t.Context()); err == nil {
		t.Error("took a port that is taken")
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := s.Start(t.Context()); err == nil {
		t.Error("started after Close")
	}
	if addr := s.IMAPTLSAddr(); addr == "" {
		t.Error("no TLS port")
	}
}
